package peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.connector.file.src.reader.TextLineInputFormat;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/**
 * Counts the clicks of a file by user and 5 minutes with Flink's DataStream: FlinkClicks fast|documented INPUT OUTPUT, or
 * FlinkClicks sliding_fast|sliding_documented INPUT OUTPUT for windows of 60 s, each second, with at least 8 clicks.
 * `documented` is put together of the parts that Flink's pages show, with a checkpoint each second, as millrace makes
 * them. `fast` parses from the read buffer, reuses objects, counts before it sends by key, makes no checkpoints, and writes
 * the rows itself.
 */
public final class FlinkClicks {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private FlinkClicks() {}

    public static void main(String[] arguments) throws Exception {
        boolean fast = arguments[0].endsWith("fast");
        boolean sliding = arguments[0].startsWith("sliding");
        StreamExecutionEnvironment flink =
            StreamExecutionEnvironment.getExecutionEnvironment(FlinkSettings.of(fast, !fast));
        WatermarkStrategy<Tuple2<String, Long>> watermarks = WatermarkStrategy
            .<Tuple2<String, Long>>forBoundedOutOfOrderness(Duration.ofMillis(Click.DELAY_MS))
            .withTimestampAssigner((click, before) -> click.f1);
        Path input = new Path(arguments[1]);
        if (fast) {
            DataStream<Tuple2<String, Long>> clicks = flink.fromSource(
                FileSource.forRecordStreamFormat(new LinesOfClicks(), input).build(), watermarks, "clicks");
            combined(clicks, sliding).sinkTo(new RowsFile(arguments[2]));
        } else {
            DataStream<Tuple2<String, Long>> clicks = flink
                .fromSource(FileSource.forRecordStreamFormat(new TextLineInputFormat(), input).build(),
                            WatermarkStrategy.noWatermarks(), "lines")
                .map(FlinkClicks::parsed).returns(Types.TUPLE(Types.STRING, Types.LONG))
                .assignTimestampsAndWatermarks(watermarks);
            counted(clicks, sliding, false)
                .sinkTo(FileSink.forRowFormat(new Path(arguments[2]), new SimpleStringEncoder<String>()).build());
        }
        flink.execute();
    }

    private static Tuple2<String, Long> parsed(String line) throws Exception {
        JsonNode click = MAPPER.readTree(line);
        return Tuple2.of(click.get("userid").asText(), Click.millis(click.get("timestamp").asText().toCharArray(), 0));
    }

    static SingleOutputStreamOperator<String> combined(DataStream<Tuple2<String, Long>> clicks, boolean sliding) {
        Combine combine = new Combine(sliding ? 1000 : Click.WINDOW_MS);
        return counted(clicks.transform("combine", clicks.getType(), combine), sliding, true);
    }

    private static SingleOutputStreamOperator<String> counted(DataStream<Tuple2<String, Long>> clicks, boolean sliding,
                                                              boolean combined) {
        return clicks.keyBy(click -> click.f0, Types.STRING)
            .window(sliding ? SlidingEventTimeWindows.of(Duration.ofSeconds(60), Duration.ofSeconds(1))
                            : TumblingEventTimeWindows.of(Duration.ofMillis(Click.WINDOW_MS)))
            .aggregate(new Count(combined), new Row(sliding ? 8 : 1), Types.LONG, Types.LONG, Types.STRING);
    }

    static final class Count implements AggregateFunction<Tuple2<String, Long>, Long, Long> {
        private final boolean combined;

        Count(boolean combined) {
            this.combined = combined;
        }

        @Override
        public Long createAccumulator() {
            return 0L;
        }

        @Override
        public Long add(Tuple2<String, Long> click, Long count) {
            return count + (combined ? click.f1 : 1);
        }

        @Override
        public Long getResult(Long count) {
            return count;
        }

        @Override
        public Long merge(Long left, Long right) {
            return left + right;
        }
    }

    static final class Row extends ProcessWindowFunction<Long, String, String, TimeWindow> {
        private final long least;

        Row(long least) {
            this.least = least;
        }

        @Override
        public void process(String user, Context context, Iterable<Long> counts, Collector<String> out) {
            long count = counts.iterator().next();
            if (count >= least) {
                out.collect(context.window().getEnd() / 1000 + "," + user + "," + count);
            }
        }
    }
}
