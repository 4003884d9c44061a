<?php

declare(strict_types=1);

namespace Rserverd;

/*
 * The first PHP file of every PHP process. The engine (sapi/php_engine.c) runs it once, in the manager: it boots the
 * application and calls serve(), which forks live inside; a worker is what comes back from serve() in a child, many
 * requests later. Everything that can be done once is done before serve(): workers share its memory.
 *
 * Functions of this namespace that are not defined below are the engine's, see sapi/php_glue.c.
 */

require __DIR__ . '/Autoload.php';

// A function, so that nothing of ours is a global variable of the application's.
(static function (): void {
    Autoload::register();
    $settings = Settings::read();
    try {
        $application = Applications::choose($settings);
        if ($settings->bootInManager) {
            $application->boot();
        } else {
            $application->bootLater();
        }
    } catch (\Throwable $e) {
        boot_failed(Problem::describe($e));
        log(LOG_ERROR, Problem::describe($e) . "\n" . $e->getTraceAsString());

        return;
    }
    serve($application->handle(...), $application->clean(...), $application->workerStart(...), $application->idle(...));
})();
