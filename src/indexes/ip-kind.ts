/** 4 or 6 for an IP address, 0 for anything else: what node:net says, which opens sockets too and is not for pure code. */
export function isIP(text: string): 0 | 4 | 6 {
  const parts = text.split('.');
  if (parts.length === 4 && parts.every(part => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return 4;
  return text.includes(':') && URL.canParse(`http://[${text}]`) ? 6 : 0;
}
