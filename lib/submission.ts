/** `nestjs-mail-relay/submission`: mail that comes in from outside, over SMTP and over HTTP. */
export {
  type ApiClient,
  type ApiCredentials,
  ApiKeyAuthenticator,
  type ApiScope,
} from './submission/api/api-key-authenticator.js';
export type {
  ApiAttachment,
  ApiComposedMessage,
  ApiMessage,
  ApiRawMessage,
} from './submission/api/api-message.interface.js';
export type { ApiItem } from './submission/api/api-json.js';
export { relayApiDescription, type RelayApiDescriptionOptions } from './submission/api/openapi.js';
export type { ProblemDetails } from './submission/api/problem-details.js';
export type {
  ApiKeyOptions,
  RelayApiAsyncOptions,
  RelayApiOptions,
} from './submission/api/relay-api-options.interface.js';
export { RelayApiModule } from './submission/api/relay-api.module.js';
export type {
  RelaySubmissionAsyncOptions,
  RelaySubmissionOptions,
  SubmissionCertificate,
  SubmissionListener,
  SubmissionTls,
} from './submission/smtp/relay-submission-options.interface.js';
export { RelaySubmissionModule } from './submission/smtp/relay-submission.module.js';
export { RelaySubmission, type SubmissionAddress } from './submission/smtp/relay-submission.js';
export {
  SubmissionAuthenticator,
  type SubmissionCredentials,
  type SubmissionUser,
} from './submission/smtp/submission-authenticator.js';
