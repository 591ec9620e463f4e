// Words for types, kinds, values and types of columns.
#include "config/word_tables.hpp"

namespace millrace::config {
namespace {

constexpr known_word words_for_types[] = {
    {"source", "httpclient http https rest webhook", "did you mean \"http_stream\" or \"http_server\"?"},
    {"source", "jdbc table lookup database postgresql postgres mysql mariadb sqlite sqlselect",
     "did you mean \"sql\"? It reads a table at intervals, and gives what has changed"},
    {"source", "schedule scheduler timer cron interval tick ticker heartbeat periodic poll polling",
     "a timer of the system sends records to an \"http_server\"; a \"sql\" reads a table at intervals, and a "
     "\"generator\" makes records at a rate"},
    {"source", "memory memorystream inmemory values elements collection list",
     "did you mean \"file\", or \"generator\", which makes records?"},
    {"source", "httplistener httpin", "did you mean \"http_server\"?"},
    {"source", "rate datagen generate random faker mock", "did you mean \"generator\"?"},
    {"source", "csv json jsonl text filesystem files tail",
     "did you mean \"file\"? A parser downstream of it says the format"},
    {"source", "redpanda kafkafranz franz", "did you mean \"kafka\"?"},
    {"parser", "jsonl ndjson jsonlines", "did you mean \"json\"? It takes a record a line"},
    {"parser", "tsv delimited", "did you mean \"csv\" with \"delimiter\": \"\\t\"?"},
    {"parser", "lines raw string plain line", "did you mean \"text\"?"},
    {"transform", "filter map where project mapping withcolumn sql bloblang flatmap",
     "did you mean \"select\"? It has \"where\" and \"columns\""},
    {"window", "dropduplicates deduplicate deduplication distinct unique rownumber first",
     "did you mean \"dedup\"? It has \"key\" and \"ttl\""},
    {"window", "tumble fixed timewindow", "did you mean \"tumbling\"?"},
    {"window", "hop hopping slide", "did you mean \"sliding\"?"},
    {"window", "sessions sessionize", "did you mean \"session\"?"},
    {"window", "none unbounded all running", "did you mean \"global\"?"},
    {"window", "cumulate cumulative cumulating cumulatewindow",
     "did you mean \"tumbling\" with \"emit\": \"updates\"? It gives the running figures of each window"},
    {"join", "inner",
     "did you mean \"window\", \"interval\" or \"as_of\"? Their \"how\" is \"inner\" by default"},
    {"join", "left leftouter", "did you mean \"window\", \"interval\" or \"as_of\" with \"how\": \"left\"?"},
    {"join", "right rightouter",
     "did you mean \"window\" with \"how\": \"right\"? The others take the sides the other way round, with "
     "\"how\": \"left\""},
    {"join", "full outer fullouter", "did you mean \"window\" with \"how\": \"full\"?"},
    {"join", "cross cartesian crossjoin cartesianproduct product",
     "a join goes by columns that are equal; a constant column of both sides, made by a select upstream of "
     "each, is the \"key\" of a join \"window\" that pairs each row with each"},
    {"join", "foreignkey fk streamtable tablestream streamglobaltable globaltable ktable kstream",
     "did you mean \"as_of\"? Each left row gets the version of its time (docs/limits.md)"},
    {"join", "tabletable",
     "rows of two tables that replace each other are joined in a database, which a sink \"sql\" fills "
     "(docs/limits.md)"},
    {"join", "temporal asof lookup versioned version table enrich nearest",
     "did you mean \"as_of\"? Each left row gets the version of its time"},
    {"join", "between within range time", "did you mean \"interval\"? It has \"before\" and \"after\""},
    {"join", "anti leftanti semi notexists except", "did you mean \"interval\" with \"how\": \"anti\"?"},
    {"join", "tumbling sliding stream streamstream",
     "did you mean \"window\"? It has \"size\" and \"slide\""},
    {"sink", "stdout print log screen terminal show", "did you mean \"console\"?"},
    {"sink", "jdbc mysql mariadb postgres postgresql sqlite sqlite3 database db sqlinsert odbc",
     "did you mean \"sql\"? Its \"connection\" says which database"},
    {"sink", "csv json jsonl text filesystem files",
     "did you mean \"file\"? Its \"format\" says how a row is written"},
    {"sink", "s3 hdfs hive delta iceberg orc",
     "did you mean \"parquet\"? Its \"connection\" may be HDFS or S3"},
    {"sink", "redpanda kafkafranz franz", "did you mean \"kafka\"?"},
    {"source",
     "kafkaconsumer kafkasource upsertkafka kafkabalanced msk confluent eventhub eventhubs azureeventhubs",
     "did you mean \"kafka\"?"},
    {"source", "avro avrofile ocf protobuf protobuffile",
     "did you mean \"file\" or \"kafka\"? A parser \"avro\" or \"protobuf\" downstream of it reads the "
     "records (docs/schemas.md)"},
    {"source", "parquet parquetfile orc iceberg delta deltalake hudi paimon hive",
     "tables of Parquet files are written and not read; expected a source \"file\" of JSON, CSV, Avro or "
     "Protobuf, or a source \"sql\""},
    {"source",
     "debezium debeziumjson debeziumavroconfluent cdc mysqlcdc postgrescdc postgresqlcdc postgrescdcstream "
     "sqlservercdc oraclecdc mongodbcdc mongodbcdcstream binlog canal canaljson maxwell",
     "change events are read from a topic, by \"kafka\" and a parser \"json\" or \"avro\" (docs/changes.md), "
     "or found in a table at intervals, by \"sql\""},
    {"source",
     "pulsar kinesis awskinesis kinesisdatastream pubsub gcppubsub googlepubsub pubsublite sqs awssqs nats "
     "natsjetstream natsstream amqp amqp09 amqp1 rabbitmq rmq mqtt jms activemq nsq zeromq zmq redisstream "
     "redisstreams redispubsub azurequeuestorage azureservicebus beanstalkd pravega rocketmq",
     "did you mean \"kafka\"? Others can send their messages to an \"http_server\" (docs/limits.md)"},
    {"source",
     "socket sockettext socketserver socketstream tcp udp netcat syslog websocket webhookserver grpc",
     "did you mean \"http_server\", to which records are sent, or \"file\" with \"path\": \"-\", standard "
     "input?"},
    {"source", "stdin standardinput console", "did you mean \"file\" with \"path\": \"-\", standard input?"},
    {"source", "sse eventsource serversentevents twitter",
     "did you mean \"http_stream\"? It reads a response without an end, a record a line"},
    {"source", "s3 awss3 gcs gcpcloudstorage azureblob azureblobstorage blob minio hdfs sftp ftp",
     "files are read where they lie on a disk, by \"file\"; a response over HTTP by \"http_stream\""},
    {"source",
     "elasticsearch elasticsearch7 elasticsearch8 opensearch solr influxdb prometheus redis mongodb mongo "
     "cassandra scylla dynamodb awsdynamodb clickhouse druid pinot bigquery gcpbigquery snowflake "
     "snowflakeput redshift couchbase neo4j hbase hbase22 kudu splunk loki timestream doris starrocks "
     "sqlserver mssql oracle db2",
     "did you mean \"sql\"? It reads PostgreSQL, MySQL, MariaDB and SQLite; what another store exports is "
     "read by \"file\" or \"kafka\""},
    {"parser", "avroconfluent confluentavro avroregistry schemaregistry schemaregistrydecode",
     "did you mean \"avro\" with \"registry\"? (docs/schemas.md)"},
    {"parser", "debeziumavroconfluent debeziumavro",
     "did you mean \"avro\" with \"registry\"? docs/changes.md shows how change events become a table"},
    {"parser", "proto proto3 protobufconfluent confluentprotobuf protobufnative",
     "did you mean \"protobuf\"? (docs/schemas.md)"},
    {"parser", "jsonsr jsonschema jsonregistry jsonconfluent",
     "did you mean \"json\" with \"registry\"? (docs/schemas.md)"},
    {"parser", "debezium debeziumjson canal canaljson maxwell maxwelljson ogg oggjson",
     "did you mean \"json\"? docs/changes.md shows how change events become a table"},
    {"parser", "regex regexp grok logfmt log syslog pattern",
     "did you mean \"text\"? A select downstream of it takes the line apart, by regexp_match or split_part "
     "(docs/functions.md)"},
    {"parser", "parquet orc",
     "such files are written and not read; DuckDB makes lines of one for \"csv\": duckdb -csv -c \"from "
     "'FILE'\""},
    {"parser",
     "xml yaml yml toml ini properties msgpack messagepack cbor bson ion thrift smile flatbuffers html",
     "expected records in JSON, CSV, Avro or Protobuf; \"text\" gives any other text as it is "
     "(docs/limits.md)"},
    {"transform", "aggregate groupby groupbykey reduce count sum agg rollup cube",
     "did you mean a window, which has \"key\" and \"aggregates\"?"},
    {"transform", "tumble hop hopping slide", "did you mean a window \"tumbling\" or \"sliding\"?"},
    {"transform", "union unionall merge concat",
     "a stage reads several ones of one schema: \"from\": [\"a\", \"b\"]"},
    {"transform", "lookup lookupjoin enrich broadcast temporal temporaljoin",
     "did you mean { \"join\": \"as_of\", ... }? Each left row gets the version of its time"},
    {"transform", "cogroup connect streamjoin innerjoin leftjoin outerjoin joins",
     "did you mean { \"join\": \"window\", ... }, \"interval\" or \"as_of\"?"},
    {"transform", "deduplicate dropduplicates deduplication distinct unique",
     "did you mean { \"window\": \"dedup\", ... }? It has \"key\" and \"ttl\""},
    {"transform", "explode posexplode unnest flatten unarchive split unbatch",
     "did you mean \"select\"? unnest(list) in its \"columns\" gives a row for each element "
     "(docs/functions.md)"},
    {"transform",
     "udf udtf udaf function javascript python wasm process processfunction keyedprocessfunction "
     "mappartitions mapgroupswithstate flatmapgroupswithstate transformwithstate jq jmespath awk command "
     "subprocess",
     "did you mean \"select\"? docs/functions.md lists the functions that it takes"},
    {"transform",
     "async asyncio asyncfunction asyncwait http httpclient https rest grpc webhook call cache cached redis "
     "memcached sqlselect sqlraw database jdbc",
     "a select calls nothing outside; did you mean { \"join\": \"as_of\", ... } with a table that a source "
     "reads (docs/limits.md)?"},
    {"transform", "cep matchrecognize pattern",
     "did you mean { \"join\": \"interval\", ... }? It pairs an event with those after it"},
    {"transform", "sort sortby orderby limit take topn top",
     "rows are ordered and cut by \"order_by\" and \"limit\" of a sink downstream of a window"},
    {"transform", "over lag lead rownumber rank analyze", "did you mean { \"window\": \"sliding\", ... }?"},
    {"transform", "branch switch splitstream route router sideoutput case",
     "did you mean several stages \"select\", each with a \"where\"?"},
    {"transform", "ratelimit throttle", "did you mean \"rate\" of the source?"},
    {"transform", "predict ml mlpredict inference xgboost score", "did you mean \"model\"? (docs/model.md)"},
    {"transform", "watermark withwatermark assigntimestamps assigntimestampsandwatermarks",
     "did you mean \"event_time\" and \"watermark_delay\" of the parser?"},
    {"transform", "keyby repartition rebalance shuffle coalesce",
     "did you mean \"key\" of a window or join? \"shards\" says into how many shares keys are divided"},
    {"transform", "schemaregistrydecode fromavro fromjson fromprotobuf fromcsv decode",
     "did you mean a parser? (docs/schemas.md)"},
    {"window", "count countwindow countwindowall",
     "windows go by event time; did you mean \"global\" with \"emit\": \"updates\", which counts the rows of "
     "each key?"},
    {"window", "over lag lead rows range", "did you mean \"sliding\"?"},
    {"window", "topn top rank limit",
     "rows of a window are cut by \"order_by\" and \"limit\" of a sink downstream of it"},
    {"window", "cep matchrecognize pattern",
     "did you mean { \"join\": \"interval\", ... }? It pairs an event with those after it"},
    {"window", "processingtime tumblingprocessingtime slidingprocessingtime",
     "windows go by event time, which may be the source's own: \"event_time\": \"_timestamp\" of the parser"},
    {"window", "tumblingeventtime tumblingeventtimewindows tumblewindow", "did you mean \"tumbling\"?"},
    {"window", "slidingeventtime slidingeventtimewindows hopwindow", "did you mean \"sliding\"?"},
    {"window", "eventtimesession eventtimesessionwindows sessionwindow dynamic", "did you mean \"session\"?"},
    {"window", "globalwindows globalwindow", "did you mean \"global\"?"},
    {"join", "hash broadcast regular lateral sortmerge nestedloop cogroup",
     "did you mean \"window\", \"interval\" or \"as_of\"? (docs/limits.md)"},
    {"sink", "kafkaproducer kafkasink upsertkafka msk confluent eventhub eventhubs azureeventhubs",
     "did you mean \"kafka\"?"},
    {"sink", "avro protobuf avroconfluent avroregistry",
     "did you mean \"kafka\" with \"format\": \"avro\" or \"protobuf\"? (docs/schemas.md)"},
    {"sink",
     "parquetfile s3 awss3 gcs gcpcloudstorage azureblob azureblobstorage minio hudi paimon deltalake",
     "did you mean \"parquet\"? Its \"connection\" may be HDFS or S3"},
    {"sink", "debezium debeziumjson canal canaljson",
     "did you mean \"kafka\" with \"removed\", or \"sql\" with \"mode\": \"upsert\"? (docs/changes.md)"},
    {"sink", "http httpclient httpserver https rest webhook websocket grpc slack discord email smtp",
     "did you mean \"kafka\" or \"sql\"? A service of yours reads the rows there and sends them on"},
    {"sink",
     "pulsar kinesis awskinesis kinesisdatastream pubsub gcppubsub googlepubsub pubsublite sqs awssqs nats "
     "natsjetstream natsstream amqp amqp09 amqp1 rabbitmq rmq mqtt jms activemq nsq zeromq zmq redisstream "
     "redisstreams redispubsub azurequeuestorage azureservicebus beanstalkd pravega rocketmq",
     "did you mean \"kafka\"?"},
    {"sink",
     "elasticsearch elasticsearch7 elasticsearch8 opensearch solr influxdb prometheus redis mongodb mongo "
     "cassandra scylla dynamodb awsdynamodb clickhouse druid pinot bigquery gcpbigquery snowflake "
     "snowflakeput redshift couchbase neo4j hbase hbase22 kudu splunk loki timestream doris starrocks "
     "sqlserver mssql oracle db2",
     "did you mean \"sql\" (PostgreSQL, MySQL, MariaDB, SQLite), or \"kafka\", which connectors of other "
     "stores read?"},
    {"sink", "foreach foreachbatch foreachbatchsink custom function",
     "did you mean \"sql\", \"kafka\", \"file\" or \"parquet\"? (docs/limits.md)"},
    {"sink", "memory collect queryable",
     "did you mean \"console\"? `millrace sql` asks the tables of the sinks \"file\", \"parquet\" and "
     "\"sql\" (docs/sql.md)"},
    {"sink", "blackhole noop null drop devnull discard discarding reject",
     "did you mean \"console\"? `millrace check --sample` shows what the stages give, without any sink "
     "(docs/testing.md)"},
    {"sink", "socket tcp udp syslog sftp ftp", "did you mean \"file\" or \"kafka\"?"},
};

constexpr known_word words_for_kinds[] = {
    {"", "input inputs read readstream from in", "did you mean \"source\"?"},
    {"", "output outputs write writestream to out", "did you mean \"sink\"?"},
    {"", "type kind", "the kind is the key and the type its value: { \"sink\": \"console\", ... }"},
    {"", "format codec decode deserializer", "did you mean \"parser\"?"},
    {"", "select filter map processor processors process step mapping",
     "did you mean \"transform\": \"select\"?"},
    {"", "joins innerjoin leftjoin outerjoin fulljoin windowjoin", "did you mean \"join\": \"window\"?"},
    {"", "asof asofjoin temporaljoin lookupjoin tablejoin", "did you mean \"join\": \"as_of\"?"},
    {"", "intervaljoin antijoin", "did you mean \"join\": \"interval\"?"},
    {"", "dedup deduplicate dropduplicates", "did you mean \"window\": \"dedup\"?"},
    {"", "aggregate groupby tumble hop session tumbling sliding", "did you mean \"window\"?"},
    {"", "union unionall merge", "a stage reads several ones of one schema: \"from\": [\"a\", \"b\"]"},
    {"", "sql query statement",
     "did you mean \"transform\": \"select\"? A whole topology in SQL stands in a file whose name ends in "
     ".sql (docs/topologies_in_sql.md)"},
    {"", "lookup enrich", "did you mean \"join\": \"as_of\"?"},
    {"", "where project columns flatmap unnest explode branch switch split route udf function bloblang",
     "did you mean \"transform\": \"select\"?"},
    {"", "cep matchrecognize pattern",
     "did you mean \"join\": \"interval\"? It pairs an event with those after it"},
    {"", "sort orderby limit topn",
     "rows are ordered and cut by \"order_by\" and \"limit\" of a sink downstream of a window"},
    {"", "count sum reduce over windowed groupbykey", "did you mean \"window\"?"},
    {"", "watermark withwatermark", "did you mean \"event_time\" and \"watermark_delay\" of a parser?"},
    {"", "predict ml mlpredict", "did you mean \"transform\": \"model\"? (docs/model.md)"},
    {"", "table stream connector", "did you mean \"source\" or \"sink\"?"},
};

constexpr known_word words_for_values[] = {
    {"how", "anti leftanti notexists except", "a join \"interval\" has \"anti\""},
    {"how", "right full",
     "an interval join has the rows of its left side alone: exchange \"left\" and \"right\", and \"before\" "
     "and "
     "\"after\""},
    {"emit", "complete", "did you mean \"updates\"? Each tick gives the rows that have changed"},
    {"emit", "update changes changelog", "did you mean \"updates\"?"},
    {"emit", "append once onwindowclose close end", "did you mean \"final\"?"},
    {"mode", "update replace merge insertorupdate complete", "did you mean \"upsert\"?"},
    {"mode", "insert", "did you mean \"append\"?"},
    {"mode", "overwrite truncate", "a table is never emptied by the sink; did you mean \"upsert\"?"},
    {"on_error", "skip ignore permissive dropmalformed drop continue deadletterqueue dlq",
     "did you mean \"dead_letter\"?"},
    {"on_error", "failfast stop abort error", "did you mean \"fail\"?"},
    {"format", "jsonl ndjson lines", "did you mean \"json\"? It is a row a line"},
    {"format", "parquet orc", "did you mean the sink \"parquet\"?"},
    {"format", "avro protobuf jsonschema",
     "the sink \"kafka\" writes it, with \"registry\": docs/schemas.md"},
    {"format", "avroconfluent confluentavro",
     "did you mean \"avro\" of the sink \"kafka\", with \"registry\"?"},
    {"format", "protobufconfluent confluentprotobuf",
     "did you mean \"protobuf\" of the sink \"kafka\", with \"registry\"?"},
    {"format", "jsonsr", "did you mean \"json_schema\" of the sink \"kafka\", with \"registry\"?"},
    {"format", "debeziumjson canaljson maxwelljson oggjson debeziumavroconfluent debeziumavro",
     "a row is written as it is, without an envelope of changes; a sink \"sql\" with \"mode\": \"upsert\" "
     "keeps a table equal to another: docs/changes.md"},
    {"format", "raw",
     "did you mean \"text\" of the sink \"file\", or the option \"value\" of the sink \"kafka\"?"},
    {"at_start", "overwrite truncate replace delete", "did you mean \"empty\"?"},
    {"at_start", "keep", "did you mean \"append\"?"},
    {"compression", "gzip lz4 brotli", "did you mean \"zstd\"?"},
    {"compression", "uncompressed off", "did you mean \"none\"?"},
};

constexpr known_word words_for_columns[] = {
    {"",
     "string varchar varchar2 nvarchar char nchar character charactervarying bpchar str utf8 clob enum enum8 "
     "enum16 uuid guid inet ip ipv4 ipv6 url symbol lowcardinality fixedstring",
     "did you mean \"text\"?"},
    {"", "bytes binary varbinary bytea blob fixed",
     "did you mean \"text\"? Bytes of Avro and Protobuf come as base64 (docs/schemas.md)"},
    {"",
     "int integer long short byte bigserial serial int2 int4 int8 int16 int32 int64 smallint tinyint "
     "mediumint uint8 uint16 uint32 uint64 unsignedint unsignedbigint intunsigned bigintunsigned year",
     "did you mean \"bigint\"?"},
    {"", "float real doubleprecision float4 float8 float32 float64", "did you mean \"double\"?"},
    {"", "number", "did you mean \"double\", or \"numeric\" for exact decimals?"},
    {"",
     "decimal dec money smallmoney bigdecimal bignumeric decimal32 decimal64 decimal128 int128 uint128 "
     "hugeint",
     "did you mean \"numeric\"?"},
    {"", "bool bit", "did you mean \"boolean\"?"},
    {"",
     "datetime datetime2 datetime64 timestamptz timestampltz timestampntz timestampwithtimezone "
     "timestampwithoutzone timestampwithoutimezone timestampwithouttimezone timestampwithlocaltimezone "
     "timestampms timestampmillis timestampmicros timestampns instant",
     "did you mean \"timestamp\"?"},
    {"", "time timetz timewithtimezone timemillis timemicros interval duration",
     "did you mean \"text\"? A time of day or a duration comes as text (docs/schemas.md)"},
    {"", "epoch epochs epochms epochmillis unixtime unixtimestamp",
     "did you mean { \"type\": \"timestamp\", \"format\": \"epoch_ms\" }? epoch_s and epoch_us are others"},
    {"", "date32 localdate", "did you mean \"date\"?"},
    {"", "jsonb object map variant super any raw multiset hstore dynamic", "did you mean \"json\"?"},
    {"", "list array repeated", "did you mean a list, such as [\"text\"]?"},
    {"", "struct row record tuple nested message",
     "did you mean a nested map, such as { \"id\": \"bigint\" }?"},
};

}  // namespace

std::span<const known_word> known_stage_types() { return words_for_types; }
std::span<const known_word> known_kinds() { return words_for_kinds; }
std::span<const known_word> known_values() { return words_for_values; }
std::span<const known_word> known_column_types() { return words_for_columns; }

}  // namespace millrace::config
