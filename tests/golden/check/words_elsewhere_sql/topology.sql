SET topology = 'shop';
CREATE TABLE orders (id bigint) WITH (connector = 'kinesis', format = 'json');
CREATE TABLE clicks (id bigint) WITH (connector = 'upsert-kafka', format = 'avro-confluent');
CREATE TABLE views (id bigint) WITH (connector = 'avro', format = 'kafka');
