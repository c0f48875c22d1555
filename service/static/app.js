// Additions for browsers with scripts; every page works without them.
"use strict";
(() => {
  // The viewer's zone, unless one was chosen: the server writes times in it from the next page on.
  if (!/(^|; )tz=/.test(document.cookie)) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone) document.cookie = `tz=${zone}; path=/; max-age=31536000; samesite=lax`;
  }
})();
