/** An RBAC subject, and only that. `namespace` belongs to service accounts. */
export interface Subject {
  readonly kind: 'User' | 'Group' | 'ServiceAccount';
  readonly name: string;
  readonly namespace?: string;
}

/** `User/ana`, `Group/sre`, `ServiceAccount/shop/web`. */
export function formatSubject(subject: Subject): string {
  return subject.kind === 'ServiceAccount'
    ? `ServiceAccount/${subject.namespace ?? ''}/${subject.name}`
    : `${subject.kind}/${subject.name}`;
}
