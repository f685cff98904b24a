// Fields of the sampled case: bytes to values, a grid to the borders of its cells.

function decode(text) {
  const letters = atob(text);
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}

class Case {
  constructor(data) {
    Object.assign(this, data);
    this.rows = data.latitude.length;
    this.columns = data.longitude.length;
    // longitudes may start anew at the meridian
    this.east = data.longitude.map((lon, i, all) => (lon < all[0] ? lon + 360 : lon));
  }

  truthOf(channel) {
    const [low, high] = this.channels[channel].range;
    return Float32Array.from(decode(this.truth[channel]), (code) => low + (code / 255) * (high - low));
  }

  // label null: of the background
  error(channel, label) {
    const largest = this.channels[channel].error;
    const text = label === null ? this.background[channel] : this.analyses[label][channel];
    return Float32Array.from(decode(text), (code) => largest * ((2 * code) / 255 - 1));
  }

  fields(channel, label) {
    const truth = this.truthOf(channel);
    const [background, analysis] = [this.error(channel, null), this.error(channel, label)];
    const add = (a, b, sign) => a.map((value, i) => value + sign * b[i]);
    return { truth, background: add(truth, background, 1), analysis: add(truth, analysis, 1), backgroundError: background, analysisError: analysis, increment: add(analysis, background, -1) };
  }

  observed(channel) {
    const [west, east] = this.extent();
    return (this.observations?.[channel] || []).map(([lat, lon, value]) => ({ lat, lon: lon < west ? lon + 360 : lon > east ? lon - 360 : lon, value }));
  }

  extent() {
    const [south, north] = borders(this.latitude);
    const [west, east] = borders(this.east);
    return [west, east, Math.max(south, -90), Math.min(north, 90)];
  }

  // Cells of one size can be drawn as one image.
  get even() {
    const steps = (values) => values.slice(1).map((value, i) => value - values[i]);
    const alike = (values) => Math.max(...steps(values)) - Math.min(...steps(values)) < 0.1 * Math.abs(steps(values)[0]);
    return this.rows > 1 && this.columns > 1 && alike(this.latitude) && alike(this.east);
  }

  samples(values) {
    return Array.from(values, (value, i) => ({ lat: this.latitude[Math.floor(i / this.columns)], lon: this.east[i % this.columns], value }));
  }
}

function borders(values) {
  const n = values.length;
  if (n === 1) return [values[0] - 0.5, values[0] + 0.5];
  return [values[0] - (values[1] - values[0]) / 2, values[n - 1] + (values[n - 1] - values[n - 2]) / 2];
}

function extremes(values) {
  let [least, most] = [0, 0];
  for (let i = 1; i < values.length; i += 1) {
    if (values[i] < values[least]) least = i;
    if (values[i] > values[most]) most = i;
  }
  return [least, most];
}
