{{- define "stonepine.labels" -}}
app.kubernetes.io/name: stonepine
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .kind }}
{{- end }}

{{- define "stonepine.image" -}}
image: "{{ .Values.image.name }}:{{ .Values.image.tag }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end }}

{{- define "stonepine.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
automountServiceAccountToken: false
terminationGracePeriodSeconds: 60
{{- end }}

{{- define "stonepine.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "stonepine.proof" -}}
- {name: STONEPINE_PARTS_CA, value: /etc/stonepine/part/ca.crt}
- {name: STONEPINE_PART_CERTIFICATE, value: /etc/stonepine/part/tls.crt}
- {name: STONEPINE_PART_KEY, value: /etc/stonepine/part/tls.key}
- {name: STONEPINE_HOME, value: /var/lib/stonepine/home}
- {name: STONEPINE_RUN_DIR, value: /run/stonepine/sockets}
- name: {{ .kind | eq "node" | ternary "STONEPINE_NODE_NAME" "STONEPINE_PART_NAME" }}
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
{{- if .root.Values.production }}
- {name: STONEPINE_PRODUCTION, value: "1"}
{{- end }}
{{- end }}

{{- define "stonepine.door" -}}
- name: POD_IP
  valueFrom: {fieldRef: {fieldPath: status.podIP}}
- {name: STONEPINE_PART_ADDRESS, value: "$(POD_IP):8443"}
- {name: STONEPINE_PART_BIND_HOST, value: 0.0.0.0}
{{- end }}

{{- define "stonepine.clients" -}}
- {name: STONEPINE_ADVERTISED_SCHEME, value: https}
- {name: STONEPINE_ADVERTISED_HOST, value: {{ .Values.advertisedHost | quote }}}
- {name: STONEPINE_INDEX_PORT_FIRST, value: {{ .Values.indexPorts.first | quote }}}
- {name: STONEPINE_INDEX_PORT_COUNT, value: {{ .Values.indexPorts.count | quote }}}
{{- end }}

{{- define "stonepine.mounts" -}}
- {name: home, mountPath: /var/lib/stonepine}
- {name: run, mountPath: /run/stonepine}
- {name: tmp, mountPath: /tmp}
- {name: part, mountPath: /etc/stonepine/part, readOnly: true}
{{- end }}

{{- define "stonepine.volumes" -}}
- {name: home, emptyDir: {}}
- {name: run, emptyDir: {}}
- {name: tmp, emptyDir: {}}
- name: part
  secret: {secretName: {{ index .root.Values.secrets.parts .kind }}, defaultMode: 0440}
{{- end }}

{{- define "stonepine.keyringMount" -}}
- {name: keyring, mountPath: /srv/stonepine}
{{- end }}

{{- define "stonepine.keyringVolume" -}}
- name: keyring
  persistentVolumeClaim: {claimName: {{ .Values.keyring.claim }}}
{{- end }}

{{- define "stonepine.statusProbe" -}}
exec: {command: [/opt/stonepine/.venv/bin/stonepine, status]}
periodSeconds: 15
timeoutSeconds: 10
{{- end }}
