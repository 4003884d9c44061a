<?php

declare(strict_types=1);

/* Nobody calls configure() for this one: under php-fpm it is never loaded, a resident application has it. */

return ['loaded' => true];
