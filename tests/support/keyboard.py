"""Pages by keyboard alone: every control is reached by Tab, seen when it is, and dialogs give the
focus back to what opened them."""

from tests.support.browser import Tab

_OPENERS = "main a[hx-get][hx-target='#dialogs']"
# Of a group of radio buttons the keyboard reaches one, and chooses among them by arrows.
_CONTROLS = """() => {
  const chosen = "a[href], button:not(:disabled), input:not(:disabled):not([type=hidden]), " +
    "select:not(:disabled), textarea:not(:disabled), summary, [tabindex='0']";
  const groups = new Set();
  const isOfAGroup = (one) => {
    if (one.type !== "radio") return true;
    const group = one.form ? [...document.forms].indexOf(one.form) + one.name : one.name;
    return !groups.has(group) && groups.add(group);
  };
  const isShown = (one) =>
    one.checkVisibility({ checkVisibilityCSS: true }) && !one.closest("[inert]");
  window.controls = [...document.querySelectorAll(chosen)].filter(isShown).filter(isOfAGroup);
  window.scrollTo(0, 0);
  document.body.tabIndex = -1; // begins at the top, also where a field of the page has the focus
  document.body.focus();
  document.body.removeAttribute("tabindex");
  return window.controls.length;
}"""
_FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const words = one.outerHTML.slice(0, 140).replace(/\\s+/g, " ");
  const isOfGroup = (other) => other.name === one.name && other.form === one.form;
  const areRadios = (other) => one.type === "radio" && other.type === "radio";
  const isSame = (other) => other === one || (areRadios(other) && isOfGroup(other));
  const place = window.controls.findIndex(isSame);
  const ringed = (element) => {
    const style = getComputedStyle(element);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  };
  const around = [one, one.closest("label"), one.parentElement].filter(Boolean);
  const box = (one.closest("label") ?? one).getBoundingClientRect();
  const points = [[0.5, 0.5], [0.05, 0.5], [0.95, 0.5], [0.5, 0.1], [0.5, 0.9]];
  const isSeen = points.some(([x, y]) => {
    const top = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
    return top && (around.some((element) => element.contains(top)) || top.contains(one));
  });
  return { words, place, isRinged: around.some(ringed), isSeen };
}"""
_IS_OUTSIDE = """() => document.activeElement !== document.body &&
  document.activeElement.closest("dialog") === null"""
_MOST = 400


def unreachable(tab: Tab) -> list[str]:
    """What Tab does not lead to, or leads to without its being seen."""
    page, found, reached = tab.page, [], set()
    count = page.evaluate(_CONTROLS)
    for _ in range(_MOST):
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        if focused is None or (focused["place"] in reached and len(reached) >= count):
            break
        if focused["place"] >= 0:
            reached.add(focused["place"])
        if not focused["isRinged"]:
            found.append(f"has the focus, and one does not see that: {focused['words']}")
        if not focused["isSeen"]:
            found.append(f"has the focus where something covers it: {focused['words']}")
    missed = [place for place in range(count) if place not in reached]
    words = "place => window.controls[place].outerHTML.slice(0, 140)"
    return found + [f"Tab does not lead to {page.evaluate(words, place)}" for place in missed]


def openers(tab: Tab) -> list[str]:
    """Addresses of the dialogs that links of the page open."""
    links = tab.page.locator(_OPENERS).all()
    return [str(link.get_attribute("hx-get")) for link in links if link.is_visible()]


def loose_dialog(tab: Tab, address: str) -> list[str]:
    """Open that dialog by Enter, go round in it by Tab, and leave by Escape: what is wrong then."""
    page, found = tab.page, []
    link = page.locator(f"main a[hx-get='{address}'][hx-target='#dialogs']").first
    link.focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    if not page.evaluate("document.activeElement.closest('dialog') !== null"):
        found.append(f"{address} opens a dialog without the focus")
    for _ in range(_controls_of_dialog(tab) + 2):
        page.keyboard.press("Tab")
        if page.evaluate(_IS_OUTSIDE):
            found.append(f"Tab leads out of the dialog of {address}")
            break
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    if not link.evaluate("link => link === document.activeElement"):
        found.append(f"the dialog of {address} does not give the focus back")
    return found


def _controls_of_dialog(tab: Tab) -> int:
    return tab.page.locator("dialog[open] :is(a, button, input, select, textarea, summary)").count()
