package peers;

import java.io.IOException;
import java.util.Arrays;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.reader.SimpleStreamFormat;
import org.apache.flink.connector.file.src.reader.StreamFormat;
import org.apache.flink.core.fs.FSDataInputStream;

/** Clicks of a file of lines, parsed from the read buffer: no line becomes a string. */
final class LinesOfClicks extends SimpleStreamFormat<Tuple2<String, Long>> {
    @Override
    public Reader createReader(Configuration settings, FSDataInputStream stream) {
        return new Reader(stream);
    }

    @Override
    public TypeInformation<Tuple2<String, Long>> getProducedType() {
        return Types.TUPLE(Types.STRING, Types.LONG);
    }

    static final class Reader implements StreamFormat.Reader<Tuple2<String, Long>> {
        private final FSDataInputStream stream;
        private byte[] buffer = new byte[1 << 16];
        private int begin;
        private int end;

        Reader(FSDataInputStream stream) {
            this.stream = stream;
        }

        @Override
        public Tuple2<String, Long> read() throws IOException {
            int newline = begin;
            for (;;) {
                while (newline < end && buffer[newline] != '\n') {
                    newline++;
                }
                if (newline < end) {
                    Click click = Click.parse(buffer, begin, newline - begin);
                    begin = newline + 1;
                    return Tuple2.of(click.user, click.time);
                }
                newline -= begin;
                if (!more()) {
                    return null;
                }
            }
        }

        private boolean more() throws IOException {
            if (begin > 0) {
                System.arraycopy(buffer, begin, buffer, 0, end - begin);
                end -= begin;
                begin = 0;
            } else if (end == buffer.length) {
                buffer = Arrays.copyOf(buffer, 2 * end);
            }
            int read = stream.read(buffer, end, buffer.length - end);
            end += Math.max(read, 0);
            return read > 0;
        }

        @Override
        public void close() throws IOException {
            stream.close();
        }
    }
}
