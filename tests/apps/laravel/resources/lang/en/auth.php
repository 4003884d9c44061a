<?php

declare(strict_types=1);

return [
    'failed' => 'Nobody with this password is known here.',
];
