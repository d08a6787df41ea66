/** The words of the page, in one language. `{address}` is the recipient's, hidden but for its beginning and its domain. */
export interface UnsubscribeTexts {
  /** Of the page that asks. */
  title: string;
  question: string;
  unsubscribe: string;
  /** Of the page that tells that it is done. */
  doneTitle: string;
  done: string;
  subscribe: string;
  /** Of the page that tells that it is taken back. */
  subscribedTitle: string;
  subscribed: string;
  /** For a link that is none of ours, or broken. */
  invalidTitle: string;
  invalid: string;
  /** For a request that is none, of a link that is. */
  unclearTitle: string;
  unclear: string;
  /** While the suppression list cannot be reached. */
  laterTitle: string;
  later: string;
}

/** The languages that the page has by itself, `en` for all others. */
export const TEXTS: Readonly<Record<string, UnsubscribeTexts>> = {
  en: {
    title: 'Unsubscribe',
    question: 'Do you want no more of these mails at {address}?',
    unsubscribe: 'Unsubscribe',
    doneTitle: 'You are unsubscribed',
    done: '{address} gets no more of these mails.',
    subscribe: 'Subscribe again',
    subscribedTitle: 'You are subscribed again',
    subscribed: '{address} gets these mails again.',
    invalidTitle: 'This link does not work',
    invalid: 'It is incomplete, or too old. Please use the link of the mail as it is.',
    unclearTitle: 'That was not understood',
    unclear: 'Nothing was changed. Please open the link of the mail, and use the button of the page.',
    laterTitle: 'That did not work',
    later: 'Please try again in a few minutes.',
  },
  de: {
    title: 'Abmelden',
    question: 'Möchten Sie an {address} keine dieser E-Mails mehr erhalten?',
    unsubscribe: 'Abmelden',
    doneTitle: 'Sie sind abgemeldet',
    done: '{address} erhält diese E-Mails nicht mehr.',
    subscribe: 'Wieder anmelden',
    subscribedTitle: 'Sie sind wieder angemeldet',
    subscribed: '{address} erhält diese E-Mails wieder.',
    invalidTitle: 'Dieser Link funktioniert nicht',
    invalid: 'Er ist unvollständig oder zu alt. Bitte verwenden Sie den Link aus der E-Mail unverändert.',
    unclearTitle: 'Das wurde nicht verstanden',
    unclear:
      'Es wurde nichts geändert. Bitte öffnen Sie den Link aus der E-Mail und verwenden Sie die Schaltfläche der Seite.',
    laterTitle: 'Das hat nicht geklappt',
    later: 'Bitte versuchen Sie es in einigen Minuten noch einmal.',
  },
  fr: {
    title: 'Se désabonner',
    question: 'Ne plus recevoir ces e-mails à l’adresse {address} ?',
    unsubscribe: 'Se désabonner',
    doneTitle: 'Vous êtes désabonné',
    done: '{address} ne recevra plus ces e-mails.',
    subscribe: 'Se réabonner',
    subscribedTitle: 'Vous êtes réabonné',
    subscribed: '{address} recevra de nouveau ces e-mails.',
    invalidTitle: 'Ce lien ne fonctionne pas',
    invalid: 'Il est incomplet ou trop ancien. Veuillez utiliser le lien de l’e-mail tel quel.',
    unclearTitle: 'La demande n’a pas été comprise',
    unclear: 'Rien n’a été modifié. Veuillez ouvrir le lien de l’e-mail et utiliser le bouton de la page.',
    laterTitle: 'Cela n’a pas fonctionné',
    later: 'Veuillez réessayer dans quelques minutes.',
  },
  es: {
    title: 'Cancelar la suscripción',
    question: '¿No desea recibir más estos correos en {address}?',
    unsubscribe: 'Cancelar la suscripción',
    doneTitle: 'Suscripción cancelada',
    done: '{address} no recibirá más estos correos.',
    subscribe: 'Volver a suscribirse',
    subscribedTitle: 'Se ha vuelto a suscribir',
    subscribed: '{address} volverá a recibir estos correos.',
    invalidTitle: 'Este enlace no funciona',
    invalid: 'Está incompleto o es demasiado antiguo. Utilice el enlace del correo tal como está.',
    unclearTitle: 'No se ha entendido la solicitud',
    unclear: 'No se ha cambiado nada. Abra el enlace del correo y utilice el botón de la página.',
    laterTitle: 'No ha funcionado',
    later: 'Vuelva a intentarlo en unos minutos.',
  },
};

/** Texts by language, and which of them a browser asks for. */
export class UnsubscribeLanguages {
  readonly #texts: ReadonlyMap<string, UnsubscribeTexts>;

  /** @param own by language; what one leaves out is as in {@link TEXTS}, or in English */
  constructor(own: Readonly<Record<string, Partial<UnsubscribeTexts>>>) {
    const languages = new Set([...Object.keys(TEXTS), ...Object.keys(own)]);
    this.#texts = new Map(
      [...languages].map((language) => {
        const base = TEXTS[language] ?? TEXTS[language.split('-')[0]!] ?? TEXTS['en']!;
        return [language.toLowerCase(), { ...base, ...own[language] }];
      }),
    );
  }

  /** @param accepted the header Accept-Language (RFC 9110 section 12.5.4) */
  choose(accepted: string | undefined): { language: string; texts: UnsubscribeTexts } {
    for (const wanted of wantedBy(accepted)) {
      for (const language of [wanted, wanted.split('-')[0]!]) {
        const texts = this.#texts.get(language);
        if (texts) return { language, texts };
      }
    }
    return { language: 'en', texts: this.#texts.get('en')! };
  }
}

/** The most wanted first. */
function wantedBy(accepted = ''): string[] {
  return accepted
    .slice(0, 500)
    .toLowerCase()
    .split(',')
    .map((part) => {
      const [language = '', weight = ''] = part.split(';', 2);
      const [, quality] = /^\s*q=([\d.]{1,5})\s*$/.exec(weight) ?? [];
      return { language: language.trim(), quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ language, quality }) => language !== '' && quality > 0)
    .toSorted((a, b) => b.quality - a.quality)
    .map(({ language }) => language);
}
