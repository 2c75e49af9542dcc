// Which things in the page look the same with the focus as without, as a list of texts; one of each kind is tried.
// The focus is given as by a keyboard: for a mouse, browsers mark less.
() => {
  const look = (e) => {
    const style = getComputedStyle(e);
    const none = style.outlineStyle === "none" || style.outlineWidth === "0px" || /, 0\)$/.test(style.outlineColor);
    return [none || `${style.outline}`, style.boxShadow, style.border, style.backgroundColor, style.textDecoration].join();
  };
  const kinds = new Map();
  for (const e of document.querySelectorAll("a[href], button, input, textarea, select, summary, [tabindex]")) {
    const kind = `${e.parentElement.localName}.${e.parentElement.className} > ${e.localName}.${e.getAttribute("class") ?? ""}`;
    if (e.tabIndex >= 0 && !e.disabled && e.checkVisibility({ visibilityProperty: true, opacityProperty: true })) kinds.set(kind, e);
  }
  const unmarked = [...kinds].filter(([, e]) => {
    e.blur();
    const before = look(e);
    e.focus({ preventScroll: true, focusVisible: true });
    return document.activeElement === e && look(e) === before;
  });
  document.activeElement?.blur();
  return unmarked.map(([kind]) => `the focus cannot be seen: ${kind}`);
}
