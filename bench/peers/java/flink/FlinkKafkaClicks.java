package peers;

import java.io.IOException;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Counts the clicks of a topic by user and 5 minutes with Flink's DataStream, with the parser and the ways of
 * `FlinkClicks fast`: FlinkKafkaClicks file|exactly_once BROKERS TOPIC OUTPUT. `file` writes the rows into a file, without
 * checkpoints; `exactly_once` writes them into a topic by transactions, with a checkpoint each second. It ends where the topic ended.
 */
public final class FlinkKafkaClicks {
    private FlinkKafkaClicks() {}

    public static void main(String[] arguments) throws Exception {
        boolean exactlyOnce = arguments[0].equals("exactly_once");
        StreamExecutionEnvironment flink =
            StreamExecutionEnvironment.getExecutionEnvironment(FlinkSettings.of(true, exactlyOnce));
        KafkaSource<Tuple2<String, Long>> source = FlinkTopics.source(arguments[1], arguments[2], new Parsed())
            .setBounded(OffsetsInitializer.latest()).build();
        WatermarkStrategy<Tuple2<String, Long>> watermarks = WatermarkStrategy
            .<Tuple2<String, Long>>forBoundedOutOfOrderness(Duration.ofMillis(Click.DELAY_MS))
            .withTimestampAssigner((click, before) -> click.f1);
        DataStream<String> rows = FlinkClicks.combined(
            flink.fromSource(source, watermarks, "clicks").filter(click -> !click.f0.isEmpty()), false);
        if (!exactlyOnce) {
            rows.sinkTo(new RowsFile(arguments[3]));
        } else {
            rows.sinkTo(FlinkTopics.sink(arguments[1], arguments[3], DeliveryGuarantee.EXACTLY_ONCE).build());
        }
        flink.execute();
    }

    static final class Parsed extends AbstractDeserializationSchema<Tuple2<String, Long>> {
        Parsed() {
            super(Types.TUPLE(Types.STRING, Types.LONG));
        }

        @Override
        public Tuple2<String, Long> deserialize(byte[] bytes) throws IOException {
            Click click = Click.parse(bytes, 0, bytes.length);
            return Tuple2.of(click.user, click.time);
        }
    }
}
