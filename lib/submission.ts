/** `nestjs-mail-relay/submission`: mail that comes in over SMTP. */
export type {
  RelaySubmissionAsyncOptions,
  RelaySubmissionOptions,
  SubmissionCertificate,
  SubmissionListener,
  SubmissionTls,
} from './submission/relay-submission-options.interface.js';
export { RelaySubmissionModule } from './submission/relay-submission.module.js';
export { RelaySubmission, type SubmissionAddress } from './submission/relay-submission.js';
export {
  SubmissionAuthenticator,
  type SubmissionCredentials,
  type SubmissionUser,
} from './submission/submission-authenticator.js';
