// What every map and reduce function finds beside its own names, as on a real server.

function sum(values) {
    let total = 0;
    for (let i = 0; i < values.length; i++) total += values[i];
    return total;
}

// A date, or what `Date` makes one of; null for what is none.
function dateToArray(date) {
    const d = date.getUTCDate ? date : new Date(date);
    if (!isFinite(d.valueOf())) return null;
    return [
        d.getUTCFullYear(), d.getUTCMonth() + 1, d.getUTCDate(),
        d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds(),
    ];
}

// Standard alphabet, padded. As on a real server, only the length is checked: garbage decodes to garbage.
function decodeBase64(text) {
    if (typeof text !== "string") throw "Input is not a string";
    if (text.length % 4 !== 0) throw "Invalid base64 source.";
    const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
    const bytes = [];
    for (let i = 0; i < text.length; i += 4) {
        let group = 0;
        for (let j = 0; j < 4; j++) group = (group << 6) | (digits.indexOf(text[i + j]) & 63);
        bytes.push((group >> 16) & 255, (group >> 8) & 255, group & 255);
    }
    bytes.length -= padding;
    return bytes;
}
