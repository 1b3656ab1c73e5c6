const STORAGE_KEY = 'guestSessionId';

/** This browser's guest id: made once, then kept, so that a reload finds the same conversations. */
export function guestSessionId(): string {
  const known = localStorage.getItem(STORAGE_KEY);
  if (known) return known;
  const id = randomUuid();
  localStorage.setItem(STORAGE_KEY, id);
  return id;
}

// crypto.randomUUID is missing on plain http:// addresses other than localhost.
function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
