<?php

declare(strict_types=1);

/* The smallest application: what the server itself costs. */
return static function (): void {
    echo 'Hello, world!';
};
