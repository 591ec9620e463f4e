package peers;

import java.io.IOException;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/**
 * Counts the events of a topic by user and 250 ms with Flink's DataStream, exactly once into another topic, without end:
 * FlinkRecovery BROKERS FROM TO CHECKPOINTS [CHECKPOINT]. It keeps a checkpoint each 100 ms in the folder CHECKPOINTS, and
 * begins with CHECKPOINT, the folder of one.
 */
public final class FlinkRecovery {
    private FlinkRecovery() {}

    public static void main(String[] arguments) throws Exception {
        Configuration settings = FlinkSettings.of(true, true);
        settings.setString("execution.checkpointing.interval", "100 ms");
        settings.setString("execution.checkpointing.dir", "file://" + arguments[3]);
        settings.setString("execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
        if (arguments.length > 4) {
            settings.setString("execution.state-recovery.path", arguments[4]);
        }
        StreamExecutionEnvironment flink = StreamExecutionEnvironment.getExecutionEnvironment(settings);
        KafkaSource<Tuple2<String, Long>> source = FlinkTopics.source(arguments[0], arguments[1], new Parsed()).build();
        WatermarkStrategy<Tuple2<String, Long>> watermarks = WatermarkStrategy
            .<Tuple2<String, Long>>forMonotonousTimestamps().withTimestampAssigner((event, before) -> event.f1);
        flink.fromSource(source, watermarks, "events").uid("events")
            .keyBy(event -> event.f0, Types.STRING)
            .window(TumblingEventTimeWindows.of(Duration.ofMillis(250)))
            .aggregate(new FlinkClicks.Count(false), new Row(), Types.LONG, Types.LONG, Types.STRING).uid("counts")
            .sinkTo(FlinkTopics.sink(arguments[0], arguments[2], DeliveryGuarantee.EXACTLY_ONCE).build()).uid("rows");
        flink.execute();
    }

    static final class Parsed extends AbstractDeserializationSchema<Tuple2<String, Long>> {
        Parsed() {
            super(Types.TUPLE(Types.STRING, Types.LONG));
        }

        @Override
        public Tuple2<String, Long> deserialize(byte[] record) throws IOException {
            Event event = Event.parse(record);
            return Tuple2.of(event.user, event.at / 1000);
        }
    }

    static final class Row extends ProcessWindowFunction<Long, String, String, TimeWindow> {
        @Override
        public void process(String user, Context context, Iterable<Long> counts, Collector<String> out) {
            out.collect(context.window().getEnd() + "," + user + "," + counts.iterator().next());
        }
    }
}
