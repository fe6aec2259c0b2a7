/** When somebody last looked through this browser: a day, and nothing about a body. It goes with signing out. */
const KEY = "looked";

function read(): string | undefined {
  const found = localStorage.getItem(KEY) ?? "";
  return /^\d{4}-\d\d-\d\d$/.test(found) ? found : undefined;
}

let before: string | undefined;
let isRead = false;

/** The day of the visit before this one. */
export function lastLooked(): string | undefined {
  if (!isRead) {
    before = read();
    isRead = true;
  }
  return before;
}

/** Somebody looks today. */
export function looksOn(today: string): void {
  lastLooked();
  localStorage.setItem(KEY, today);
}

export function forgetLooks(): void {
  before = undefined;
  isRead = true;
  localStorage.removeItem(KEY);
}
