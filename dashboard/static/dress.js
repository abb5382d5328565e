// Before the first paint: the theme that was chosen, and the dress of a screen on a wall.
{
  const { dataset } = document.documentElement;
  try {
    dataset.theme = localStorage.getItem("pulse-theme") ?? "system";
  } catch {
    dataset.theme = "system"; // A browser that keeps nothing.
  }
  if (/[?&]kiosk=1(&|$)/.test(location.search)) dataset.kiosk = "";
}
