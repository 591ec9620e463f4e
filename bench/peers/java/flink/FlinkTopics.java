package peers;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaSinkBuilder;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceBuilder;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;

/** Topics of Kafka as the jobs of Flink read and write them. */
final class FlinkTopics {
    private FlinkTopics() {}

    /** Reads values from the topic's beginning on. */
    static <T> KafkaSourceBuilder<T> source(String brokers, String topic, DeserializationSchema<T> values) {
        return KafkaSource.<T>builder().setBootstrapServers(brokers).setTopics(topic).setGroupId("peer-flink")
            .setStartingOffsets(OffsetsInitializer.earliest()).setValueOnlyDeserializer(values);
    }

    /** Writes lines. The topic's name is the prefix of its transactions. */
    static KafkaSinkBuilder<String> sink(String brokers, String topic, DeliveryGuarantee guarantee) {
        return KafkaSink.<String>builder().setBootstrapServers(brokers)
            .setRecordSerializer(KafkaRecordSerializationSchema.<String>builder().setTopic(topic)
                .setValueSerializationSchema(new SimpleStringSchema()).build())
            .setDeliveryGuarantee(guarantee).setTransactionalIdPrefix(topic)
            .setProperty("transaction.timeout.ms", "60000");
    }
}
