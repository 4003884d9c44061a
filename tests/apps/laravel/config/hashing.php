<?php

declare(strict_types=1);

return [
    'driver' => 'bcrypt',
    // The cheapest cost: this application protects nothing and its tests log in often.
    'bcrypt' => ['rounds' => 4],
];
