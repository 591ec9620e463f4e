package peers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/** A record of the jobs that run on: its user, number, category, and time in microseconds. The whole record is checked. */
public final class Event {
    private static final JsonFactory FACTORY = new JsonFactory();

    public String user;
    public long id;
    public long category;
    public long at;

    public static Event parse(byte[] record) throws IOException {
        Event event = new Event();
        try (JsonParser parser = FACTORY.createParser(record)) {
            parser.nextToken();
            for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                JsonToken value = parser.nextToken();
                switch (name) {
                    case "userid" -> event.user = parser.getText();
                    case "id" -> event.id = parser.getLongValue();
                    case "category" -> event.category = parser.getLongValue();
                    case "at" -> event.at = parser.getLongValue();
                    default -> {
                        if (value.isStructStart()) {
                            parser.skipChildren();
                        }
                    }
                }
            }
        }
        return event;
    }

    /** The line "7,user00007" of a record of category 217, of others null: the job whose latency is measured. */
    public static String line(byte[] record) throws IOException {
        Event event = parse(record);
        return event.category == 217 ? event.id + "," + event.user : null;
    }
}
