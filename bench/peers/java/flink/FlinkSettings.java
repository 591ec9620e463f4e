package peers;

import org.apache.flink.configuration.Configuration;

/** The settings of every job of Flink here: one thread a stage, in this process. */
final class FlinkSettings {
    private FlinkSettings() {}

    static Configuration of(boolean objectReuse, boolean checkpoints) {
        Configuration settings = new Configuration();
        settings.setString("parallelism.default", "1");
        settings.setString("rest.port", "0");
        settings.setString("rest.bind-address", "127.0.0.1");
        settings.setString("pipeline.object-reuse", Boolean.toString(objectReuse));
        settings.setString("execution.runtime-mode", "STREAMING");
        settings.setString("restart-strategy.type", "none"); // a job that fails says so
        if (checkpoints) {
            settings.setString("execution.checkpointing.interval", "1 s");
            settings.setString("execution.checkpointing.mode", "EXACTLY_ONCE");
            // Without a folder Flink takes no checkpoint of 5 MB and more, and starts again and again.
            settings.setString("execution.checkpointing.storage", "filesystem");
            settings.setString("execution.checkpointing.dir", "file://" + System.getProperty("peers.checkpoints"));
        }
        return settings;
    }
}
