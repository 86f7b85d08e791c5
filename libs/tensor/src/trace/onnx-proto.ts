import protobuf from 'protobufjs';
import type { TypedData } from '../host-tensor.js';

/** The part of onnx.proto (ONNX IR version 9) that a graph written here uses; field numbers are the standard's. */
const SCHEMA = `
syntax = "proto3";
package onnx;
message AttributeProto {
  string name = 1; float f = 2; int64 i = 3; bytes s = 4; TensorProto t = 5;
  repeated float floats = 7; repeated int64 ints = 8; int32 type = 20;
}
message NodeProto {
  repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
  repeated AttributeProto attribute = 5; string domain = 7;
}
message StringStringEntryProto { string key = 1; string value = 2; }
message TensorProto {
  repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9;
  repeated StringStringEntryProto external_data = 13; int32 data_location = 14;
}
message Dimension { int64 dim_value = 1; }
message TensorShapeProto { repeated Dimension dim = 1; }
message TensorTypeProto { int32 elem_type = 1; TensorShapeProto shape = 2; }
message TypeProto { TensorTypeProto tensor_type = 1; }
message ValueInfoProto { string name = 1; TypeProto type = 2; }
message GraphProto {
  repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
}
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message ModelProto {
  int64 ir_version = 1; string producer_name = 2; GraphProto graph = 7; repeated OperatorSetIdProto opset_import = 8;
}`;

const ModelType = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('onnx.ModelProto');

/** ONNX element type numbers. */
export const ONNX_TYPE = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, uint32: 12 } as const;
export type OnnxType = keyof typeof ONNX_TYPE;

const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 } as const;
const DATA_LOCATION_EXTERNAL = 1;

/** A node attribute; floats are marked, because 1 and 1.0 are the same number in JavaScript. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

export interface OnnxNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface OnnxValue<Type extends OnnxType = OnnxType> {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: Type;
}

/** A constant inside the model, or a reference into a file beside it. */
export interface OnnxInitializer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: OnnxType;
  readonly data: TypedData | BigInt64Array | { readonly file: string; readonly offset: number; readonly bytes: number };
}

export interface OnnxModel<Type extends OnnxType = OnnxType> {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxInitializer[];
  readonly inputs: readonly OnnxValue<Type>[];
  readonly outputs: readonly OnnxValue<Type>[];
}

export const OPSET = 20;
const IR_VERSION = 9;

/** The model as protobuf bytes. */
export function encodeModel(model: OnnxModel): Uint8Array {
  return ModelType.encode(
    ModelType.fromObject({
      ir_version: IR_VERSION,
      producer_name: 'gmoe',
      opset_import: [
        { domain: '', version: OPSET },
        { domain: 'com.microsoft', version: 1 },
      ],
      graph: {
        name: 'program',
        node: model.nodes.map(({ op, domain, inputs, outputs, attributes }) => ({
          op_type: op,
          domain,
          input: inputs,
          output: outputs,
          attribute: Object.entries(attributes).map(([name, value]) => ({ name, ...attributeValue(value) })),
        })),
        initializer: model.initializers.map(initializer),
        input: model.inputs.map(valueInfo),
        output: model.outputs.map(valueInfo),
      },
    }),
  ).finish();
}

function attributeValue(value: Attribute): object {
  if (typeof value === 'number') return { type: ATTRIBUTE_TYPE.int, i: value };
  if (typeof value === 'string') return { type: ATTRIBUTE_TYPE.string, s: new TextEncoder().encode(value) };
  if ('float' in value) return { type: ATTRIBUTE_TYPE.float, f: value.float };
  return { type: ATTRIBUTE_TYPE.ints, ints: value };
}

function initializer({ name, shape, type, data }: OnnxInitializer): object {
  const common = { name, dims: shape, data_type: ONNX_TYPE[type] };
  if (ArrayBuffer.isView(data)) {
    return { ...common, raw_data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  }
  const location = { location: data.file, offset: String(data.offset), length: String(data.bytes) };
  return {
    ...common,
    data_location: DATA_LOCATION_EXTERNAL,
    external_data: Object.entries(location).map(([key, value]) => ({ key, value })),
  };
}

function valueInfo({ name, shape, dtype }: OnnxValue): object {
  return {
    name,
    type: { tensor_type: { elem_type: ONNX_TYPE[dtype], shape: { dim: shape.map((size) => ({ dim_value: size })) } } },
  };
}
