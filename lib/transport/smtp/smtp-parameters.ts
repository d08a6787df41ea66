import type { ParameterTypes } from '../url-parameters.js';

/** Options of `SmtpTransportOptions` that a URL can hold. */
export const SMTP_PARAMETERS: ParameterTypes = {
  tls: ['implicit', 'required', 'opportunistic', 'never'],
  authMethod: ['PLAIN', 'LOGIN', 'XOAUTH2'],
  connections: 'integer',
  messagesPerConnection: 'integer',
  idle: 'duration',
  name: 'text',
  localAddress: 'text',
  proxy: 'text',
  'auth.accessToken': 'text',
  'timeouts.connect': 'duration',
  'timeouts.greeting': 'duration',
  'timeouts.command': 'duration',
  'timeouts.data': 'duration',
  'tlsOptions.servername': 'text',
  'tlsOptions.rejectUnauthorized': 'boolean',
  'dkim.domain': 'text',
  'dkim.selector': 'text',
  'dkim.privateKey': 'text',
};
