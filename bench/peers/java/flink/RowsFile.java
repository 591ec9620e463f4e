package peers;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/** Appends lines to a file through one buffer. It takes part in no checkpoint: less work than Flink's own FileSink. */
final class RowsFile implements Sink<String> {
    private final String path;

    RowsFile(String path) {
        this.path = path;
    }

    @Override
    public SinkWriter<String> createWriter(WriterInitContext context) throws IOException {
        OutputStream out = new BufferedOutputStream(Files.newOutputStream(Path.of(path)), 1 << 16);
        return new SinkWriter<>() {
            @Override
            public void write(String line, Context context) throws IOException {
                out.write(line.getBytes(StandardCharsets.UTF_8));
                out.write('\n');
            }

            @Override
            public void flush(boolean endOfInput) throws IOException {
                out.flush();
            }

            @Override
            public void close() throws IOException {
                out.close();
            }
        };
    }
}
