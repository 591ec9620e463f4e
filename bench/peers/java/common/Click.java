package peers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.time.LocalDate;

/** A click's user and event time. Jackson's streaming parser reads both and checks the whole record, as millrace does. */
public final class Click {
    public static final long WINDOW_MS = 5 * 60_000;
    public static final long DELAY_MS = 60_000;
    private static final JsonFactory FACTORY = new JsonFactory();

    public String user;
    public long time;

    public static Click parse(byte[] bytes, int from, int length) throws IOException {
        Click click = new Click();
        try (JsonParser parser = FACTORY.createParser(bytes, from, length)) {
            parser.nextToken();
            for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                JsonToken value = parser.nextToken();
                if (name.equals("userid")) {
                    click.user = parser.getText();
                } else if (name.equals("timestamp")) {
                    click.time = millis(parser.getTextCharacters(), parser.getTextOffset());
                } else if (value.isStructStart()) {
                    parser.skipChildren();
                }
            }
        }
        return click;
    }

    /** The time in a text such as "2021-04-24 19:55:00.123+0000", to the second. */
    public static long millis(char[] text, int from) {
        long days = LocalDate.of(number(text, from, 4), number(text, from + 5, 2), number(text, from + 8, 2)).toEpochDay();
        int seconds = number(text, from + 11, 2) * 3600 + number(text, from + 14, 2) * 60 + number(text, from + 17, 2);
        return (days * 86_400 + seconds) * 1000;
    }

    private static int number(char[] text, int from, int digits) {
        int value = 0;
        for (int i = from; i < from + digits; i++) {
            value = value * 10 + text[i] - '0';
        }
        return value;
    }
}
