<?php

declare(strict_types=1);

namespace Rserverd;

/*
 * The first PHP file of every PHP process. The engine (sapi/php_engine.c) runs it once, in the manager: it boots the
 * application and calls serve(), which is the rest of the process's life: the manager forks in there, and a worker is a
 * child that goes on in there. What can be done once is done before, so that all workers share its memory.
 *
 * Functions of this namespace that are not defined in this folder are the engine's, see sapi/php_glue.c.
 */

use Throwable;

require __DIR__ . '/Autoload.php';

// A function, so that nothing of ours becomes a global variable of the application's.
(static function (): void {
    Autoload::register();
    // An HTTP server, though PHP_SAPI says cli: dd() prints for browsers, and frameworks do not take it for Artisan.
    Dumper::begin();
    $_SERVER['APP_RUNNING_IN_CONSOLE'] = 'false';

    $guarded = static function (string $during, callable $do): bool {
        try {
            $do();

            return true;
        } catch (Throwable $e) {
            boot_failed(Log::describe($e));
            Log::problem($during, $e);

            return false;
        }
    };
    $application = null;
    $booted = $guarded('boot', static function () use (&$application): void {
        $settings = Settings::read();
        $application = Applications::choose($settings);
        $settings->bootInManager ? $application->boot() : $application->bootLater();
        $settings->bootInManager && Dumper::settle();
    });
    if (!$booted) {
        return;
    }
    serve(
        $application->handle(...),
        $application->clean(...),
        static fn (): bool => $guarded('start of a worker', $application->workerStart(...)),
        $application->idle(...),
        static function () use ($application): void {
            try {
                $application->warm();
            } catch (Throwable $e) {
                Log::warning('warm_up: ' . $_SERVER['REQUEST_URI'] . ': ' . Log::describe($e));
            }
        },
        $application->settleProcess(...),
    );
})();
