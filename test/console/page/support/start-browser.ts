import { chromium, type Browser } from 'playwright-core';
import { findProgram, installPackage } from '../../../support/programs.js';

/** Debian's Chromium, installed where it is not there and can be. */
export async function startBrowser(): Promise<Browser> {
  if (!findProgram(['chromium'])) installPackage('chromium');
  return chromium.launch({ executablePath: findProgram(['chromium'])!, args: ARGS });
}

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
