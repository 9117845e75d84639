/**
 * The program that runs on a node for `--node-files`: certificates of files go to its output, and no byte of a key does.
 *
 * It takes pairs of arguments, how many levels deep and below which directory, and writes one line for each thing, told by
 * its first character, so that neither names nor contents of files can pass for something else:
 *
 *     secaudit-node-files 1   first line
 *     F PATH                  a file of which something follows; paths are percent-encoded
 *     M SECONDS               when it was last written, since 1970, where `stat` is there
 *     + = -                   a certificate block begins, base64 of it, it ends
 *     !                       a block or a value that should hold a certificate and holds none
 *     u a BASE64              client certificate and authority of a kubeconfig
 *     p PATH                  the file with the client certificate that a kubeconfig names
 *     E PATH                  could not be opened
 *     L PATH                  a link that leads out of the directories, or to a directory
 *     B PATH                  too long
 *     T                       there is more than the program looks at
 *     Z                       last line
 *
 * Nothing but builtins of a POSIX shell is needed, since the image is whatever the node has; `stat`, or else `wc`, tells
 * the length of a file, and without both only files with the usual endings are opened. Key files (`*.key`) never are. A
 * block counts as a certificate when its first bytes are those of one: a key under a wrong label stays where it is.
 * The directories are mounted where they are on the node, so that absolute links lead where they do there; that a link
 * did not leave them is told by the mount of the opened file. What is mounted below them is not looked at through links:
 * volumes of pods are.
 */
export const NODE_FILES_SCRIPT = `
exec 2>/dev/null
tab=$(printf '\\t')
cr=$(printf '\\r')
mounts=' ' files=0 dirs=0 out=0

say() {
  out=$((out + \${#1} + 1))
  if [ "$out" -gt 4000000 ]; then printf 'T\\nZ\\n'; exit 0; fi
  printf '%s\\n' "$1"
}

encode() {
  coded= rest=$1
  while [ -n "$rest" ]; do
    char=\${rest%"\${rest#?}"}
    rest=\${rest#?}
    case $char in
      [A-Za-z0-9/._:@+=,-]) coded=$coded$char ;;
      *) coded=$coded%$(printf '%02x' "$(($(printf '%d' "'$char") & 255))") ;;
    esac
  done
}

tell() {
  if [ "\${#2}" -gt 512 ]; then say T; return 0; fi
  encode "$2"
  say "$1 $coded"
}

# Which mount descriptor 3 belongs to.
mount_of_3() {
  opened=1 mount=
  while read -r key value; do
    case $key in mnt_id:) mount=$value ;; esac
  done < /proc/self/fdinfo/3
}

walk() {
  local depth="$1" dir="$2" entry
  dirs=$((dirs + 1))
  if [ "$dirs" -gt 300 ]; then say T; return 0; fi
  opened=
  { mount_of_3; } 3< "$dir"
  if [ -z "$opened" ]; then tell E "$dir"; return 0; fi
  if [ -n "$mount" ]; then mounts="$mounts$mount "; fi
  for entry in "$dir"/* "$dir"/.[!.]* "$dir"/..?*; do
    if [ -L "$entry" ]; then
      if [ -f "$entry" ]; then look "$entry" link
      elif [ -d "$entry" ]; then tell L "$entry"
      fi
    elif [ -d "$entry" ]; then
      if [ "$depth" -gt 1 ]; then walk $((depth - 1)) "$entry"; fi
    elif [ -f "$entry" ]; then look "$entry" file
    elif [ ! -e "$entry" ]; then
      case $entry in "$dir/*" | "$dir/.[!.]*" | "$dir/..?*") ;; *) tell E "$entry" ;; esac
    fi
  done
}

look() {
  case $1 in *.key) return 0 ;; esac
  files=$((files + 1))
  if [ "$files" -gt 2000 ]; then
    if [ "$files" -eq 2001 ]; then say T; fi
    return 0
  fi
  written= size=
  if [ -n "$has_stat" ]; then
    size=$(stat -L -c '%s %Y' "$1")
    written=\${size#* } size=\${size%% *}
  elif [ -n "$has_wc" ]; then size=$(wc -c < "$1")
  else
    case $1 in *.crt | *.pem | *.cer | *.cert | *.conf | *.kubeconfig) ;; *) return 0 ;; esac
  fi
  if [ -n "$size" ] && [ "$size" -gt 262144 ]; then tell B "$1"; return 0; fi
  opened=
  { read_3 "$1" "$2"; } 3< "$1"
  if [ -z "$opened" ]; then tell E "$1"; fi
}

# Only files with something in them are named.
name_once() {
  if [ -n "$named" ]; then return 0; fi
  named=1
  tell F "$path"
  if [ -n "$written" ]; then say "M $written"; fi
}

read_3() {
  path=$1 named= label= first=
  mount_of_3
  if [ "$2" = link ]; then
    case $mounts in *" $mount "*) if [ -z "$mount" ]; then tell L "$path"; return 0; fi ;; *) tell L "$path"; return 0 ;; esac
  fi
  while IFS= read -r line || [ -n "$line" ]; do
    line=\${line%"$cr"}
    line=\${line#"\${line%%[! $tab]*}"}
    line=\${line%"\${line##*[! $tab]}"}
    one_line
  done <&3
  if [ -n "$label" ] && [ "$label" != other ]; then say '!'; fi
  return 0
}

one_line() {
  while :; do
    if [ -n "$label" ]; then
      case $line in
        "-----END "*)
          if [ "$label" != other ]; then
            case $line in "-----END $label-----"*) say - ;; *) say '!' ;; esac
          fi
          label=
          line=\${line#-----END *-----}
          if [ -z "$line" ]; then return 0; fi
          continue ;;
        '' ) return 0 ;;
        *[!A-Za-z0-9+/=]*)
          if [ "$label" != other ]; then say '!'; fi
          label=other
          case $line in *-----BEGIN\\ *) label= ; continue ;; esac
          return 0 ;;
      esac
      if [ "$label" = other ]; then return 0; fi
      if [ -n "$first" ]; then
        first=
        case $line in MI[IJKL]??[DTjz]C[BC]*) ;; *) say '!'; label=other; return 0 ;; esac
      fi
      say "=$line"
      return 0
    fi
    case $line in
      *"-----BEGIN "*)
        line=\${line#*-----BEGIN }
        label=\${line%%-----*}
        line=\${line#*-----}
        case $label in
          CERTIFICATE | 'TRUSTED CERTIFICATE' | 'X509 CERTIFICATE') first=1; name_once; say + ;;
          *) label=other ;;
        esac
        if [ -z "$line" ]; then return 0; fi
        continue ;;
      *client-certificate* | *certificate-authority-data*) kubeconfig_line ;;
    esac
    return 0
  done
}

kubeconfig_line() {
  line=\${line#- }
  line=\${line#\\"}
  value=\${line#*:}
  value=\${value#"\${value%%[! $tab]*}"}
  value=\${value%,}
  value=\${value#[\\"\\']}
  value=\${value%[\\"\\']}
  case $line in
    client-certificate-data:* | client-certificate-data\\":*) kind=u ;;
    certificate-authority-data:* | certificate-authority-data\\":*) kind=a ;;
    client-certificate:* | client-certificate\\":*)
      if [ -n "$value" ]; then name_once; tell p "$value"; fi
      return 0 ;;
    *client-certificate-data*:* | *certificate-authority-data*:*) name_once; say '!'; return 0 ;;
    *) return 0 ;;
  esac
  if [ -z "$value" ]; then return 0; fi
  name_once
  case $value in
    *[!A-Za-z0-9+/=]* | *UFJJVkFURSBLRV* | *BSSVZBVEUgS0V* | *QUklWQVRFIEtFW*) say '!' ;;
    *QkVHSU4gQ0VSVElGSUNBVE* | *JFR0lOIENFUlRJRklDQVRF* | *CRUdJTiBDRVJUSUZJQ0FUR*) say "$kind $value" ;;
    *) say '!' ;;
  esac
}

has_stat= has_wc=
if command -v stat > /dev/null; then has_stat=1; elif command -v wc > /dev/null; then has_wc=1; fi
say 'secaudit-node-files 1'
for root in "$@"; do
  case $root in
    /*)
      opened= mount=
      { mount_of_3; } 3< "$root"
      if [ -n "$mount" ]; then mounts="$mounts$mount "; fi ;;
  esac
done
while [ "$#" -gt 1 ]; do
  walk "$1" "$2"
  shift 2
done
say Z
`;
