package peers;

import java.io.IOException;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Sends the line of each record of a topic to another one with Flink's DataStream, without end: FlinkPassage
 * at_least_once|exactly_once BROKERS FROM TO. All is one chain of operators, and nothing waits to be sent;
 * `exactly_once` checkpoints and commits each 100 ms, `at_least_once` checkpoints each second.
 */
public final class FlinkPassage {
    private FlinkPassage() {}

    public static void main(String[] arguments) throws Exception {
        boolean exactlyOnce = arguments[0].equals("exactly_once");
        Configuration settings = FlinkSettings.of(true, true);
        settings.setString("execution.checkpointing.interval", exactlyOnce ? "100 ms" : "1 s");
        StreamExecutionEnvironment flink = StreamExecutionEnvironment.getExecutionEnvironment(settings);
        KafkaSource<String> source = KafkaSource.<String>builder()
            .setBootstrapServers(arguments[1]).setTopics(arguments[2]).setGroupId("peer-flink")
            .setStartingOffsets(OffsetsInitializer.earliest())
            .setValueOnlyDeserializer(new Lines()).build();
        flink.fromSource(source, WatermarkStrategy.noWatermarks(), "records").filter(line -> !line.isEmpty())
            .sinkTo(KafkaSink.<String>builder().setBootstrapServers(arguments[1])
                .setRecordSerializer(KafkaRecordSerializationSchema.<String>builder().setTopic(arguments[3])
                    .setValueSerializationSchema(new SimpleStringSchema()).build())
                .setDeliveryGuarantee(exactlyOnce ? DeliveryGuarantee.EXACTLY_ONCE : DeliveryGuarantee.AT_LEAST_ONCE)
                .setTransactionalIdPrefix(arguments[3])
                .setProperty("linger.ms", "0")
                .setProperty("transaction.timeout.ms", "60000").build());
        flink.execute();
    }

    static final class Lines extends AbstractDeserializationSchema<String> {
        Lines() {
            super(Types.STRING);
        }

        @Override
        public String deserialize(byte[] record) throws IOException {
            String line = Event.line(record);
            return line == null ? "" : line;
        }
    }
}
