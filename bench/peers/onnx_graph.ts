import type { Input } from './work.ts';

/** The value of an attribute of a node; integers are not negative. */
export type Attribute = number | { readonly float: number } | readonly number[];

const FLOAT = 1;
const encoder = new TextEncoder();

/** Writer of protocol buffers: only what an ONNX model needs. */
class Message {
  readonly #parts: Uint8Array[] = [];

  integer(field: number, value: number): this {
    this.#parts.push(varint(field << 3), varint(value));
    return this;
  }

  float(field: number, value: number): this {
    this.#parts.push(varint((field << 3) | 5), new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  bytes(field: number, value: Uint8Array | Message | string): this {
    const bytes = typeof value === 'string' ? encoder.encode(value) : value instanceof Message ? value.done() : value;
    this.#parts.push(varint((field << 3) | 2), varint(bytes.length), bytes);
    return this;
  }

  done(): Uint8Array {
    const out = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

/** An ONNX model of float32 tensors, built node by node. The numbers of fields are those of onnx.proto. */
export class OnnxGraph {
  readonly #graph = new Message();
  #count = 0;

  /** Adds a node; a domain is that of onnxruntime's own operators. Returns the names of its outputs. */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    { domain = '', outputs = 1 } = {},
  ): string[] {
    const message = new Message();
    for (const name of inputs) message.bytes(1, name);
    const names = Array.from({ length: outputs }, () => `${type}_${this.#count++}`);
    for (const name of names) message.bytes(2, name);
    message.bytes(4, type).bytes(7, domain);
    for (const [name, value] of Object.entries(attributes)) message.bytes(5, attribute(name, value));
    this.#graph.bytes(1, message);
    return names;
  }

  /** A constant tensor. */
  constant(name: string, { values, shape }: Input): string {
    return this.#tensor(name, shape, FLOAT, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  /** A constant list of integers, as shapes are given. */
  integers(name: string, values: readonly number[]): string {
    const bytes = new Uint8Array(new BigInt64Array(values.map(BigInt)).buffer);
    return this.#tensor(name, [values.length], 7, bytes);
  }

  /** An input of the model. */
  input(name: string, shape: readonly number[]): string {
    this.#graph.bytes(11, valueInfo(name, shape));
    return name;
  }

  /** The model as a file, with one of the nodes' outputs as its own. */
  model(output: string, shape: readonly number[]): Uint8Array {
    this.#graph.bytes(2, 'peers').bytes(12, valueInfo(output, shape));
    const opset = (domain: string, version: number) => new Message().bytes(1, domain).integer(2, version);
    return new Message()
      .integer(1, 9)
      .bytes(7, this.#graph)
      .bytes(8, opset('', 18))
      .bytes(8, opset('com.microsoft', 1))
      .done();
  }

  #tensor(name: string, shape: readonly number[], type: number, bytes: Uint8Array): string {
    const message = new Message();
    for (const length of shape) message.integer(1, length);
    this.#graph.bytes(5, message.integer(2, type).bytes(8, name).bytes(9, bytes));
    return name;
  }
}

function attribute(name: string, value: Attribute): Message {
  const message = new Message().bytes(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2);
  if ('float' in value) return message.float(2, value.float).integer(20, 1);
  for (const one of value) message.integer(8, one);
  return message.integer(20, 7);
}

function valueInfo(name: string, shape: readonly number[]): Message {
  const sizes = new Message();
  for (const length of shape) sizes.bytes(1, new Message().integer(1, length));
  const tensor = new Message().integer(1, FLOAT).bytes(2, sizes);
  return new Message().bytes(1, name).bytes(2, new Message().bytes(1, tensor));
}
