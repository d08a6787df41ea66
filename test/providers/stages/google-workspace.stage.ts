import { GoogleWorkspaceTransport } from '../../../lib/index.js';
import { smtpStage } from './smtp-stage.js';

export const GOOGLE_WORKSPACE_STAGE = smtpStage({
  name: 'google-workspace',
  ours: true,
  transport: (options) => new GoogleWorkspaceTransport({ ...options, mode: 'relay', name: 'acme.test' }),
});
