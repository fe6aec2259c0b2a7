/** Light, dark, or as the system says: the one choice that is kept in the browser. */
export type Theme = "system" | "light" | "dark";

const KEY = "theme";

function stored(): Theme {
  const found = localStorage.getItem(KEY);
  return found === "light" || found === "dark" ? found : "system";
}

class Choice {
  now = $state<Theme>(stored());

  set(theme: Theme): void {
    this.now = theme;
    localStorage.setItem(KEY, theme);
    this.apply();
  }

  apply(): void {
    if (this.now === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = this.now;
  }
}

export const theme = new Choice();
