import { MailError, type MailErrorDetails } from './mail.error.js';

/** Where in a template something is wrong. Lines and columns count from 1. */
export interface TemplatePosition {
  line?: number;
  column?: number;
  /** The variable that is not there. */
  variable?: string;
}

/** A template that is missing, broken, or asks for a variable that is not there. */
export class MailTemplateError extends MailError {
  /** The template's file, relative to its folder, or its name. */
  readonly template: string;
  readonly line?: number;
  readonly column?: number;
  readonly variable?: string;

  constructor(template: string, message: string, position: TemplatePosition = {}, details: MailErrorDetails = {}) {
    super(`${template}${place(position)}: ${message}`, { permanent: true, scope: 'message', ...details });
    this.template = template;
    if (position.line !== undefined) this.line = position.line;
    if (position.column !== undefined) this.column = position.column;
    if (position.variable !== undefined) this.variable = position.variable;
  }
}

function place({ line, column }: TemplatePosition): string {
  if (line === undefined) return '';
  return column === undefined ? `:${line}` : `:${line}:${column}`;
}
