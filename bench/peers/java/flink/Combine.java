package peers;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Counts clicks by user and pane of windows until the next watermark or checkpoint, before they are sent by key: (user, time)
 * becomes (user, count), at the pane's begin. Flink SQL does likewise. It holds nothing over a checkpoint.
 */
final class Combine extends AbstractStreamOperator<Tuple2<String, Long>>
    implements OneInputStreamOperator<Tuple2<String, Long>, Tuple2<String, Long>> {
    private final long pane;
    private transient Map<Long, Map<String, long[]>> counts;

    Combine(long paneMs) {
        pane = paneMs;
    }

    @Override
    public void open() throws Exception {
        super.open();
        counts = new HashMap<>();
    }

    @Override
    public void processElement(StreamRecord<Tuple2<String, Long>> click) {
        long time = click.getValue().f1;
        counts.computeIfAbsent(time - Math.floorMod(time, pane), begin -> new HashMap<>())
            .computeIfAbsent(click.getValue().f0, user -> new long[1])[0]++;
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        send();
        super.processWatermark(mark);
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpoint) {
        send();
    }

    @Override
    public void finish() throws Exception {
        send();
        super.finish();
    }

    private void send() {
        counts.forEach((begin, users) -> users.forEach(
            (user, count) -> output.collect(new StreamRecord<>(Tuple2.of(user, count[0]), begin))));
        counts.clear();
    }
}
