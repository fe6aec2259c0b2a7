/** The pages that the tests open. */
export const pages = [
  "/",
  "/sleep",
  "/activity",
  "/heart",
  "/workouts",
  "/rhythm",
  "/explore",
  "/lab",
  "/insights",
  "/data",
  "/settings",
] as const;
