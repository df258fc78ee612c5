// What a secret looks like where it leaks.

/** The forms of the secret that stand in the text. */
export function leaks(text, secret) {
  return forms(secret).filter((form) => text.includes(form));
}

/** A secret as it is, percent-encoded, XML-escaped, and in base64 at each of the three alignments. */
function forms(secret) {
  const base64 = [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(`${'\0'.repeat(shift)}${secret}`).toString('base64');
    // The characters at both ends mix with the neighbours' bits.
    return encoded.slice(shift === 0 ? 0 : 4, Math.floor((secret.length + shift) / 3) * 4);
  });
  return [secret, encodeURIComponent(secret), secret.replaceAll('&', '&amp;'), ...base64];
}
