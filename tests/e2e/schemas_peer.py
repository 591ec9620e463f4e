"""Runs in the Python of tools/schema_peer, for tests/e2e/schemas.py: writes and reads records with Confluent's serializers and a registry.

Each line of standard input is a request as JSON, each line of standard output its answer:
  {"do": "write", "brokers": B, "registry": R, "topic": T, "format": "avro" | "protobuf" | "json", "schema": TEXT, "records": [...]}
      with "keys": [...], "key_format" and "key_schema" (and "key_message") keys that are written likewise, with "timestamps" each record's, in
      milliseconds; a record that is null has no value
  {"do": "read", ..., "count": N}        values (and keys, where "key_format" says so) of N records, as the deserializers give them
`schema` of protobuf is a descriptor set as base64, and "message" the message's name. Values that JSON does not have are {"decimal": "1.50"},
{"timestamp": micros}, {"date": days}, {"bytes": base64}.
"""
import base64
import datetime
import decimal
import json
import sys

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def of_json(v):
    if isinstance(v, list):
        return [of_json(x) for x in v]
    if not isinstance(v, dict):
        return v
    if set(v) == {"decimal"}:
        return decimal.Decimal(v["decimal"])
    if set(v) == {"timestamp"}:
        return EPOCH + datetime.timedelta(microseconds=v["timestamp"])
    if set(v) == {"date"}:
        return datetime.date(1970, 1, 1) + datetime.timedelta(days=v["date"])
    if set(v) == {"bytes"}:
        return base64.b64decode(v["bytes"])
    return {k: of_json(x) for k, x in v.items()}


def to_json(v):
    if isinstance(v, dict):
        return {k: to_json(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return [to_json(x) for x in v]
    if isinstance(v, decimal.Decimal):
        return {"decimal": str(v)}
    if isinstance(v, datetime.datetime):
        return {"timestamp": (v - EPOCH) // datetime.timedelta(microseconds=1)}
    if isinstance(v, datetime.date):
        return {"date": (v - datetime.date(1970, 1, 1)).days}
    return {"bytes": base64.b64encode(v).decode()} if isinstance(v, bytes) else v


def message_class(request, of=""):
    files = descriptor_pb2.FileDescriptorSet.FromString(base64.b64decode(request[f"{of}schema"]))
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(request[f"{of}message"]))


def serialized(request, client, data, field, of=""):
    """The bytes of these values, or keys (`of` is "key_"); null gives none."""
    config = request.get("config", {})
    form = request[f"{of}format"]
    if form == "protobuf":
        kind = message_class(request, of)
        serializer = ProtobufSerializer(kind, client, {"use.deprecated.format": False, **config})
        data = [None if r is None else json_format.ParseDict(r, kind()) for r in data]
    else:
        schema = request[f"{of}schema"]
        serializer = AvroSerializer(client, schema, conf=config) if form == "avro" else JSONSerializer(schema, client, conf=config)
        data = [of_json(r) for r in data]
    context = SerializationContext(request["topic"], field)
    return [None if v is None else serializer(v, context) for v in data]


def write(request):
    client = SchemaRegistryClient({"url": request["registry"]})
    values = serialized(request, client, request["records"], MessageField.VALUE)
    keys = serialized(request, client, request["keys"], MessageField.KEY, "key_") if "keys" in request else [None] * len(values)
    times = request.get("timestamps", [0] * len(values))
    producer = Producer({"bootstrap.servers": request["brokers"], "linger.ms": 5})
    for key, value, time in zip(keys, values, times):
        producer.produce(request["topic"], value, key, partition=0, timestamp=time)
        producer.poll(0)
    left = producer.flush(60)
    return {"written": len(values) - left}


def read(request):
    client = SchemaRegistryClient({"url": request["registry"]})
    if request["format"] == "avro":
        deserializer = AvroDeserializer(client)
    elif request["format"] == "protobuf":
        deserializer = ProtobufDeserializer(message_class(request), {"use.deprecated.format": False})
    else:
        deserializer = JSONDeserializer(None, schema_registry_client=client)
    keys = AvroDeserializer(client) if request.get("key_format") == "avro" else None
    consumer = Consumer({"bootstrap.servers": request["brokers"], "group.id": "peer", "enable.auto.commit": False,
                         "isolation.level": "read_committed"})
    consumer.assign([TopicPartition(request["topic"], 0, 0)])
    out = []
    while len(out) < request["count"]:
        message = consumer.poll(60)
        if message is None or message.error():
            return {"error": f"after {len(out)} records: {message and message.error()}"}
        value = deserializer(message.value(), SerializationContext(request["topic"], MessageField.VALUE))
        if request["format"] == "protobuf":
            value = json_format.MessageToDict(value, preserving_proto_field_name=True)
        key = keys(message.key(), SerializationContext(request["topic"], MessageField.KEY)) if keys else None
        out.append({"key": to_json(key), "value": to_json(value)})
    consumer.close()
    return {"records": out}


for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {"write": write, "read": read}[asked["do"]](asked)
    except Exception as e:  # the test shows it
        answer = {"error": f"{type(e).__name__}: {e}"}
    print(json.dumps(answer), flush=True)
