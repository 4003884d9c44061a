<?php

declare(strict_types=1);

namespace Rserverd;

/*
 * rserverd artisan WORDS: the application's Artisan, with our classes and our provider, whether the application lists it
 * or not. RSERVERD_BASE_PATH: where the application is; RSERVERD_APP_SOCKET: where its server is.
 */

use Rserverd\Console\Artisan;

require_once __DIR__ . '/Autoload.php';

Autoload::register();

// In this scope, where an application's own artisan would be: no variable of ours is left in it.
exit(Artisan::run((string) (getenv('RSERVERD_BASE_PATH') ?: getcwd())));
