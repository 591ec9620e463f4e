package peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;

/**
 * Sends the line of each record of a topic to another one with Kafka Streams, without end: KafkaStreamsPassage
 * at_least_once|exactly_once BROKERS FROM TO STATE. Nothing waits to be sent; a commit, of `exactly_once` a transaction,
 * each 100 ms.
 */
public final class KafkaStreamsPassage {
    private KafkaStreamsPassage() {}

    public static void main(String[] arguments) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "peer-" + arguments[3]);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[1]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[4]);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        settings.put(StreamsConfig.producerPrefix("linger.ms"), 0);
        if (arguments[0].equals("exactly_once")) {
            settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        }
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(arguments[2], Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
            .mapValues(record -> {
                try {
                    return Event.line(record);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            })
            .filter((key, line) -> line != null)
            .to(arguments[3], Produced.with(Serdes.ByteArray(), Serdes.String()));
        new KafkaStreams(builder.build(), settings).start();
    }
}
