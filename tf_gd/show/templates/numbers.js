// Numbers as people read them: 4 to 6 digits, thousands set apart, a real minus sign, powers of ten in words' size.

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function power(exponent) {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[digit]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

const formats = new Map(); // making a NumberFormat takes long, using one does not

function grouped(value, digits, kind = "maximumSignificantDigits") {
  const key = `${kind}${digits}`;
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat("en-US", { [kind]: digits }));
  return formats.get(key).format(value);
}

function short(value, digits = 5) {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return "too large to hold";
  if (value === 0) return "0";
  const size = Math.abs(value), sign = value < 0 ? "−" : "";
  if (size >= 1e9 || size < 1e-4) {
    const [front, exponent] = size.toExponential(digits - 1).split("e");
    return `${sign}${Number(front)} × ${power(Number(exponent))}`;
  }
  const whole = Math.floor(Math.log10(size)) + 1; // a whole number keeps all its digits
  return sign + grouped(size, Math.min(Math.max(digits, whole), 15));
}

const signed = (value) => (value < 0 ? `(${short(value)})` : short(value)); // after a × or a −

const lineText = ({ m, c }) => `y = ${short(m)} x ${c < 0 ? "−" : "+"} ${short(Math.abs(c))}`;

// The number that was asked for, where float32 rounded it: 0.019, not 0.018999999389052.
function asAsked(rate) {
  if (Math.fround(rate) !== rate) return String(rate);
  for (let digits = 1; digits <= 9; digits += 1) {
    const text = String(Number(rate.toPrecision(digits)));
    if (Math.fround(Number(text)) === rate) return text;
  }
  return String(rate);
}

// A share of a limit, never shown as 1 when it is not 1.
function shareText(share) {
  const text = String(Number(share.toPrecision(3)));
  if (share === 1 || text !== "1") return text;
  return share < 1 ? "just under 1" : "just over 1";
}

const plural = (count, noun) => `${grouped(count, 15)} ${noun}${count === 1 ? "" : "s"}`;
