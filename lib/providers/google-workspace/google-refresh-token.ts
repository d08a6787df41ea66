import { secretOf } from '../../transport/http/http-settings.js';
import { cachedToken, type GoogleToken, type GoogleTokenOptions, tokenSettings } from './google-token.js';

export interface GoogleRefreshTokenOptions extends GoogleTokenOptions {
  clientId: string;
  clientSecret: string;
  /** That of a user who has allowed the scope `https://mail.google.com/`. */
  refreshToken: string;
}

/**
 * Tokens for the mailbox of a user who has allowed it once.
 *
 * @see https://developers.google.com/identity/protocols/oauth2/web-server#offline
 * @example
 * const accessToken = googleRefreshToken({ clientId, clientSecret, refreshToken });
 *
 * @throws RelayConfigurationError
 */
export function googleRefreshToken(options: GoogleRefreshTokenOptions): GoogleToken {
  const form = {
    grant_type: 'refresh_token',
    client_id: secretOf('google-workspace.clientId', options.clientId),
    client_secret: secretOf('google-workspace.clientSecret', options.clientSecret),
    refresh_token: secretOf('google-workspace.refreshToken', options.refreshToken),
  };
  return cachedToken(tokenSettings(options), () => form);
}
