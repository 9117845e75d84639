// Prints how the built-in kinds stand on the wire and in JSON, from the types that the API server itself is built with:
// `go run ../protobuf-schema.go` in control-plane/. See record-protobuf-schema.ts.
package main

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"

	"k8s.io/client-go/kubernetes/scheme"
)

// One field: JSON name, number, type, and "o" where JSON leaves the zero value out.
type field []any

var messages = map[string][]field{}

var scalars = map[reflect.Kind]string{
	reflect.String: "string", reflect.Bool: "bool",
	reflect.Int: "int", reflect.Int32: "int", reflect.Int64: "int", reflect.Uint8: "int", reflect.Uint32: "int", reflect.Uint64: "int",
}

// Types that write their own JSON and that the reader knows.
var known = map[string]string{
	"k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1":   "rawJson",
	"k8s.io/apimachinery/pkg/runtime.RawExtension":    "rawJson",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Time":       "time",
	"k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime":  "microTime",
	"k8s.io/apimachinery/pkg/api/resource.Quantity":   "quantity",
	"k8s.io/apimachinery/pkg/util/intstr.IntOrString": "intOrString",
}

var jsonMarshaler = reflect.TypeOf((*json.Marshaler)(nil)).Elem()

func nameOf(t reflect.Type) string {
	path := strings.TrimPrefix(strings.TrimPrefix(t.PkgPath(), "k8s.io/api/"), "k8s.io/apimachinery/pkg/apis/")
	return strings.ReplaceAll(path, "/", ".") + "." + t.Name()
}

// The reader's word for a type: "string", "*int" for a pointer, "[]core.v1.Container", "{}string" for a map.
func typeOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + typeOf(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		// A list with a name of its own, such as ExtraValue, is a message around the list.
		if inner := typeOf(t.Elem()); t.PkgPath() == "" || t.Name() == "ManagedFields" {
			return "[]" + inner
		}
		if strings.HasSuffix(t.Name(), "List") == false && t.Elem().Kind() == reflect.String {
			return "listMessage"
		}
		return "[]" + typeOf(t.Elem())
	case reflect.Map:
		return "{}" + typeOf(t.Elem())
	case reflect.Struct:
		if word, ok := known[t.PkgPath()+"."+t.Name()]; ok {
			return word
		}
		if t.Implements(jsonMarshaler) || reflect.PointerTo(t).Implements(jsonMarshaler) {
			return "unsupported"
		}
		// An object within an object says its kind in JSON and not on the wire.
		if _, ok := t.FieldByName("TypeMeta"); ok {
			return "unsupported"
		}
		describe(t)
		return nameOf(t)
	}
	if word, ok := scalars[t.Kind()]; ok {
		return word
	}
	return "unsupported"
}

func describe(t reflect.Type) {
	name := nameOf(t)
	if _, ok := messages[name]; ok {
		return
	}
	messages[name] = []field{}
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		numbers := strings.Split(f.Tag.Get("protobuf"), ",")
		if len(numbers) < 2 {
			continue
		}
		json := strings.Split(f.Tag.Get("json"), ",")
		inline, omit := false, ""
		for _, option := range json[1:] {
			inline = inline || option == "inline"
			if option == "omitempty" && omit == "" {
				omit = "o"
			}
			if option == "omitzero" {
				omit = "z"
			}
		}
		jsonName := json[0]
		if inline {
			jsonName = ""
		}
		number := 0
		for _, digit := range numbers[1] {
			number = number*10 + int(digit-'0')
		}
		messages[name] = append(messages[name], field{jsonName, number, typeOf(f.Type), omit})
	}
}

func main() {
	kinds := map[string]string{}
	for gvk, t := range scheme.Scheme.AllKnownTypes() {
		items, ok := t.FieldByName("Items")
		if !ok || !strings.HasSuffix(gvk.Kind, "List") || !strings.HasPrefix(t.PkgPath(), "k8s.io/api/") || strings.Contains(gvk.Version, "alpha") || strings.Contains(gvk.Version, "beta") {
			continue
		}
		describe(items.Type.Elem())
		kinds[gvk.GroupVersion().String()+"/"+strings.TrimSuffix(gvk.Kind, "List")] = nameOf(items.Type.Elem())
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{"kinds": kinds, "messages": messages})
}
