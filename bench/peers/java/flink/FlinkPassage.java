package peers;

import java.io.IOException;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.source.KafkaSource;
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
        KafkaSource<String> source = FlinkTopics.source(arguments[1], arguments[2], new Lines()).build();
        flink.fromSource(source, WatermarkStrategy.noWatermarks(), "records").filter(line -> !line.isEmpty())
            .sinkTo(FlinkTopics.sink(arguments[1], arguments[3],
                                     exactlyOnce ? DeliveryGuarantee.EXACTLY_ONCE : DeliveryGuarantee.AT_LEAST_ONCE)
                .setProperty("linger.ms", "0").build());
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
