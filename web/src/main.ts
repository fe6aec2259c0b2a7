import { mount } from "svelte";
import "./look.css";
import Window from "./Window.svelte";
import { theme } from "./state/theme.svelte";

theme.apply();
const target = document.getElementById("window");
if (!target) throw new Error("index.html has no place for the window");
mount(Window, { target });
