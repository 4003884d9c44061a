<?php

declare(strict_types=1);

namespace App\Models;

use Illuminate\Auth\Authenticatable;
use Illuminate\Contracts\Auth\Authenticatable as AuthenticatableContract;
use Illuminate\Database\Eloquent\Model;
use Illuminate\Database\Eloquent\Relations\HasMany;
use Laravel\Lumen\Auth\Authorizable;

class User extends Model implements AuthenticatableContract
{
    use Authenticatable;
    use Authorizable;

    protected $hidden = ['password', 'api_token', 'remember_token'];

    public function notes(): HasMany
    {
        return $this->hasMany(Note::class);
    }
}
