package peers;

import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;

/**
 * Runs the statements of a file with Flink SQL, in streaming mode: FlinkSql FILE EVENTS ROWS. ${EVENTS} and ${ROWS} in it
 * stand for the paths; the last statement is the INSERT, whose end it waits for.
 */
public final class FlinkSql {
    private FlinkSql() {}

    public static void main(String[] arguments) throws Exception {
        TableEnvironment flink = TableEnvironment.create(
            EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(FlinkSettings.of(true, false)).build());
        flink.getConfig().set("table.local-time-zone", "UTC");
        String text = Files.readString(Path.of(arguments[0])).replace("${EVENTS}", arguments[1]).replace("${ROWS}", arguments[2]);
        TableResult last = null;
        for (String statement : text.split(";\\s*(\\n|$)")) {
            last = flink.executeSql(statement);
        }
        last.await();
    }
}
