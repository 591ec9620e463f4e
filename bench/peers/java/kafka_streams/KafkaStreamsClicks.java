package peers;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.WindowStore;

/**
 * Counts the clicks of a topic by user and 5 minutes with Kafka Streams, and writes the rows to a file, or to a topic:
 * KafkaStreamsClicks fast|documented|exactly_once BROKERS TOPIC OUTPUT STATE. `documented` keeps its counts in RocksDB and
 * in a changelog topic, as Kafka Streams does if nothing else is said; `fast` keeps them in memory, without a changelog;
 * `exactly_once` is `documented` with transactions, a commit each 100 ms, and a topic as its output.
 * Windows close as stream time goes on, so a record without a user and of a later year stands at the topic's end. The
 * program adds another one, because it looks for closed windows at most once a second.
 */
public final class KafkaStreamsClicks {
    private KafkaStreamsClicks() {}

    public static void main(String[] arguments) throws Exception {
        boolean fast = arguments[0].equals("fast");
        boolean exactlyOnce = arguments[0].equals("exactly_once");
        String topic = arguments[2];
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "peer-" + ProcessHandle.current().pid() + "-" + System.nanoTime());
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[1]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[4]);
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        if (fast) {
            settings.put(StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG, BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class);
        }
        if (exactlyOnce) {
            settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
            settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        }
        AtomicInteger ends = new AtomicInteger();
        try (BufferedWriter rows = exactlyOnce ? null : Files.newBufferedWriter(Path.of(arguments[3]), StandardCharsets.UTF_8)) {
            StreamsBuilder builder = new StreamsBuilder();
            KStream<String, String> lines = lines(builder, topic, fast, ends);
            if (exactlyOnce) {
                lines.to(arguments[3], Produced.with(Serdes.String(), Serdes.String()));
            } else {
                lines.foreach((user, line) -> write(rows, line));
            }
            KafkaStreams streams = new KafkaStreams(builder.build(), settings);
            streams.setUncaughtExceptionHandler(failure -> {
                failure.printStackTrace();
                Runtime.getRuntime().halt(1);
                return null;
            });
            streams.start();
            wait(ends, 1);
            Thread.sleep(1100);
            int seen = ends.get();
            String later = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").format(LocalDateTime.now(ZoneOffset.UTC));
            Properties plain = new Properties();
            plain.put("bootstrap.servers", arguments[1]);
            try (var producer = new KafkaProducer<>(plain, new StringSerializer(), new StringSerializer())) {
                producer.send(new ProducerRecord<>(topic, "", "{\"userid\":\"\",\"timestamp\":\"" + later + "\"}"));
            }
            wait(ends, seen + 1);
            streams.close();
        }
    }

    private static void wait(AtomicInteger ends, int wanted) throws InterruptedException {
        while (ends.get() < wanted) {
            Thread.sleep(20);
        }
    }

    private static void write(BufferedWriter rows, String line) {
        try {
            rows.write(line);
            rows.newLine();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static KStream<String, String> lines(StreamsBuilder builder, String topic, boolean fast, AtomicInteger ends) {
        Serde<Click> clicks = Serdes.serdeFrom((at, click) -> null, (at, bytes) -> {
            try {
                return Click.parse(bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        Materialized<String, Long, WindowStore<Bytes, byte[]>> counts = Materialized.with(Serdes.String(), Serdes.Long());
        return builder.stream(topic, Consumed.with(Serdes.String(), clicks)
                .withTimestampExtractor((record, before) -> ((Click) record.value()).time))
            .peek((user, click) -> {
                if (click.user.isEmpty()) {
                    ends.incrementAndGet();
                }
            })
            .groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMillis(Click.WINDOW_MS), Duration.ofMillis(Click.DELAY_MS)))
            .emitStrategy(EmitStrategy.onWindowClose())
            .count(fast ? counts.withLoggingDisabled() : counts)
            .toStream()
            .filter((window, count) -> !window.key().isEmpty())
            .map((window, count) -> KeyValue.pair(window.key(), window.window().end() / 1000 + "," + window.key() + "," + count));
    }
}
