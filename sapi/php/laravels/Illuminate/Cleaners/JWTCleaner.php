<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate\Cleaners;

/** tymon/jwt-auth: the token and the user of a request. */
class JWTCleaner extends ForgettingCleaner
{
    protected $services = [
        'tymon.jwt', 'tymon.jwt.auth', 'tymon.jwt.parser', 'tymon.jwt.claim.factory', 'tymon.jwt.manager',
    ];
}
