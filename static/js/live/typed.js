/* What is typed into forms that change something, kept while signing in leads away from the page and back. Passwords,
   files and what is hidden are not kept. */
const CHANGING = "form[hx-post], form[method='post']";
const LEFT_OUT = "[type='password'], [type='file'], [type='hidden'], button";

const addressOf = (form) => form.getAttribute("hx-post") ?? form.getAttribute("action");
const isChoice = (field) => field.matches("[type='checkbox'], [type='radio']");
const fieldsOf = (form) => [...form.elements].filter((field) => field.name && !field.matches(LEFT_OUT));

function isTyped(field) {
  if (isChoice(field)) return field.checked !== field.defaultChecked;
  if (field.options) return [...field.options].some(({ selected, defaultSelected }) => selected !== defaultSelected);
  return field.value !== field.defaultValue;
}

export const hasFields = (form) => fieldsOf(form).length > 0;

/* All fields that differ from what the page brought, each by its form, its name and its place among those of it; of a
   form that is sent all, for the page may have brought what was typed before. */
export function keepTyped(sent = null) {
  const kept = [];
  for (const form of document.querySelectorAll(CHANGING)) {
    const fields = fieldsOf(form);
    for (const field of fields.filter((one) => form === sent || isTyped(one))) {
      const { name, value, checked } = field;
      const place = fields.filter((one) => one.name === name).indexOf(field);
      kept.push({ form: addressOf(form), name, place, value, checked });
    }
  }
  return kept;
}

/* Puts back what was kept of the forms that are here, as if it was typed now; answers what is left of it. */
export function restoreTyped(kept) {
  const forms = [...document.querySelectorAll(CHANGING)];
  return kept.filter(({ form: address, name, place, value, checked }) => {
    const form = forms.find((one) => addressOf(one) === address);
    const field = form && fieldsOf(form).filter((one) => one.name === name)[place];
    if (!field) return !form;
    if (isChoice(field)) field.checked = checked;
    else field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return false;
  });
}
